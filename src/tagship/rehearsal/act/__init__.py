"""The repository's own workflow, byte for byte, run by act in the embedded world; where act is laxer than GitHub, this
package is not.

`perform` is the entry. `survey` reads what the workflow needs, `standins` puts a step of ours in the place of each
action, `grants` decides what each job holds, `grant` hands it over inside, `lines` reads what act says.
"""
