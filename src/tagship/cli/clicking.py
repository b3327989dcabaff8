"""Commands and groups whose help is drawn by rich, which is imported when somebody asks for it and not before."""

import click


class Command(click.Command):
    """A command."""

    def get_help(self, ctx: click.Context) -> str:
        """The help as rich draws it."""
        return _drawn(self, ctx)


class Group(click.Group):
    """A group of commands, whose commands are such commands."""

    command_class = Command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the arguments; where there are none, show the help as a wrong call."""
        if not args and not ctx.resilient_parsing:
            click.echo(self.get_help(ctx), color=ctx.color)
            ctx.exit(2)
        return super().parse_args(ctx, args)

    def get_help(self, ctx: click.Context) -> str:
        """The help as rich draws it."""
        return _drawn(self, ctx)


def _drawn(command: click.Command, ctx: click.Context) -> str:
    from rich_click import RichCommand, RichContext, RichGroup

    ctx.color = True  # rich knows whether there are colours, and click takes none of them out
    inner = command.commands if isinstance(command, click.Group) else None
    twin = RichCommand(name=command.name) if inner is None else RichGroup(name=command.name, commands=inner)
    twin.params, twin.help, twin.epilog = command.params, command.help, command.epilog
    names = ctx.help_option_names
    with RichContext(twin, info_name=ctx.info_name, parent=ctx.parent, help_option_names=names) as drawn:
        return twin.get_help(drawn)
