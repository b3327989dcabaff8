"""Refusals of form fields and file names, each of an upload that is good but for one thing."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_dists import good_sdist, good_wheel, metadata
from made_uploads import CORE, PEP_527, reasons, upload_of
from packaging.metadata import Metadata
from rfc3986 import uri_reference
from rfc3986.exceptions import ValidationError
from rfc3986.validators import Validator
from twine.package import PackageFile
from twine.repository import Repository

from tagship.checks.rulebook import RULES, Refusal, Upload, form_of, refusals
from tagship.checks.rulebook.metadata import is_web_address
from tagship.checks.rulebook.wheel import accepts_platform


@pytest.mark.parametrize("make", [good_wheel, good_sdist])
def test_good_files_are_not_refused(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    """A good distribution has nothing against it."""
    assert reasons(upload_of(make(tmp_path))) == []


LONG = "a" * 40 + "!" + "b" * 40
FIELDS: list[tuple[Mapping[str, str | tuple[str, ...] | None], list[str]]] = [
    (
        {"name": LONG},
        [
            f"'{'a' * 30}...{'b' * 30}' is an invalid value for Name. Error: Start and end with a letter or numeral "
            f"containing only ASCII numeric and '.', '_' and '-'. {CORE}",
            f"{LONG!r} is invalid for 'name'. {CORE}",
        ],
    ),
    ({"filetype": None}, ["Invalid value for filetype. Error: This field is required."]),
    (
        {"pyversion": None},
        ["Invalid value for pyversion. Error: Python version is required for binary distribution uploads."],
    ),
    (
        {"blake2_256_digest": "0"},
        [
            "Invalid value for blake2_256_digest. Error: Use a valid, hex-encoded, BLAKE2 message digest.",
            "The digest supplied does not match a digest calculated from the uploaded file.",
        ],
    ),
    ({"metadata_version": None}, [f"None is not a valid metadata version. {CORE}"]),
    ({"metadata_version": "2.6"}, [f"'2.6' is not a valid metadata version. {CORE}"]),
    ({"version": None}, [f"'version' is a required field. {CORE}"]),
    ({"summary": "two\nlines"}, [f"'summary' must be a single line. {CORE}"]),
    ({"summary": ("one", "two")}, [f"'summary' has invalid data. {CORE}"]),
    (
        {"author_email": "A <nobody>"},
        [f"'nobody' is not a valid email address: An email address must have an @-sign. {CORE}"],
    ),
    (
        {"maintainer_email": "a@localhost"},
        [
            "'a@localhost' is not a valid email address: The part after the @-sign is not valid. It should have a "
            f"period. {CORE}"
        ],
    ),
    (
        {"author_email": "a@example.test"},
        [
            "'a@example.test' is not a valid email address: The part after the @-sign is a special-use or reserved "
            f"name that cannot be used with email. {CORE}"
        ],
    ),
    (
        {"classifiers": ("Natural Language :: Ukranian", "Private :: Do Not Upload")},
        [
            f"'Private :: Do Not Upload' is not a valid classifier. {CORE}",
            "The classifier 'Natural Language :: Ukranian' has been deprecated, use one of "
            f"['Natural Language :: Ukrainian'] instead. {CORE}",
        ],
    ),
    ({"home_page": "example.com"}, [f"'example.com' is not a valid url. {CORE}"]),
    ({"project_urls": ("x" * 33 + ", https://example.com",)}, [f"'{'x' * 33}' must be 32 characters or less. {CORE}"]),
    ({"project_urls": (", https://example.com",)}, [f"Must have a label. {CORE}"]),
    ({"project_urls": ("Home",)}, [f"Must have a URL. {CORE}"]),
    ({"project_urls": ("Home, gopher://a",)}, [f"'gopher://a' is not a valid url. {CORE}"]),
    (
        {"project_urls": ("Home, https://a.example", "Home, https://b.example")},
        [f"'project_urls' has invalid data. {CORE}"],
    ),
    ({"provides_dist": ("a @ https://a.example",)}, [f"Can't have direct dependency: 'a @ https://a.example'. {CORE}"]),
    (
        {"dynamic": ("Dynamic",)},
        [f"Dynamic field 'dynamic' is not a valid dynamic field. {CORE}"],
    ),
    (
        {"license": "MIT", "license_expression": "MIT"},
        [
            "License is deprecated when License-Expression is present. Only License-Expression should be present. "
            f"{CORE}"
        ],
    ),
    (
        {"description": "x", "description_content_type": "text/markdown; charset=latin-9"},
        [f"'description-content-type' can only specify the UTF-8 charset, not 'latin-9'. {CORE}"],
    ),
]


@pytest.mark.parametrize(("fields", "expected"), FIELDS, ids=[next(iter(row[0])) for row in FIELDS])
def test_fields(tmp_path: Path, fields: Mapping[str, str | tuple[str, ...] | None], expected: list[str]) -> None:
    """A field that PyPI does not take is refused in its words."""
    found = reasons(upload_of(good_wheel(tmp_path), **fields))
    assert len(found) == len(expected)
    assert all(reason.startswith(words) for reason, words in zip(found, expected, strict=True)), found


def test_most_important_field_first(tmp_path: Path) -> None:
    """Of several bad fields, the version comes before all others, and these in alphabetical order."""
    upload = upload_of(good_wheel(tmp_path), version="1.0+local", summary="x" * 513, home_page="nowhere")
    fields = [reason.split(" See ")[0] for reason in reasons(upload)]
    assert fields == [
        "The use of local versions in '1.0+local' is not allowed.",
        "'nowhere' is not a valid url.",
        "'summary' field must be 512 characters or less.",
        "Version in filename should be '1.0+local' not '1.0'.",
    ]


def test_first_refusal_costs_no_more(tmp_path: Path) -> None:
    """Rules after the first refusal are not asked."""
    asked: list[str] = []

    def spied(rule_id: str, find: Callable[[Upload], object]) -> Callable[[Upload], list[str]]:
        def find_too(upload: Upload) -> list[str]:
            asked.append(rule_id)
            return list(find(upload))  # type: ignore[call-overload]

        return find_too

    rules = [replace(rule, find=spied(rule.id, rule.find)) for rule in RULES]
    first = next(refusals(upload_of(good_wheel(tmp_path), protocol_version="2"), rules))
    assert (first, asked) == (
        Refusal(reason="Unknown protocol version.", rule="form.protocol"),
        ["form.protocol"],
    )


NAMES = [
    (
        "a\x01.whl",
        [
            "Cannot upload a file with non-printable characters (ordinals 0-31) "
            "or the DEL character (ordinal 127) in the name."
        ],
    ),
    ("a/b.whl", ["Cannot upload a file with '/' or '\\' in the name."]),
    (
        "swp-1.0.zip",
        [f"Invalid file extension: Extension .zip is invalid for filetype bdist_wheel. {PEP_527}"],
    ),
    (
        "swp-1.0.WHL",
        [f"Invalid file extension: Extension .WHL is invalid for filetype bdist_wheel. {PEP_527}"],
    ),
]


@pytest.mark.parametrize(("filename", "expected"), NAMES)
def test_file_names(tmp_path: Path, filename: str, expected: list[str]) -> None:
    """A name with characters or an extension that PyPI does not take is refused for that first."""
    upload = upload_of(good_wheel(tmp_path), filename=filename)
    assert reasons(upload)[:1] == expected


@pytest.mark.parametrize(
    ("filename", "fields", "expected"),
    [
        ("swp-1.0.zip", {}, "Filename 'swp-1.0.zip' is invalid, should be 'swp-1.0.tar.gz'."),
        ("swp.tar.gz", {}, "Invalid source distribution filename: swp.tar.gz"),
        ("other-1.0.tar.gz", {}, "Start filename for 'swp' with 'swp'."),
        (
            "swp-1.0-1.tar.gz",
            {"version": "1.0.post1"},
            "Filename 'swp-1.0-1.tar.gz' is invalid, should be 'swp-1.0.post1.tar.gz'.",
        ),
        ("swp-1.00.tar.gz", {}, "Filename 'swp-1.00.tar.gz' is invalid, should be 'swp-1.0.tar.gz'."),
    ],
)
def test_sdist_names(tmp_path: Path, filename: str, fields: Mapping[str, str], expected: str) -> None:
    """An sdist has to be named as PEP 625 says, to the letter."""
    assert expected in reasons(upload_of(good_sdist(tmp_path), filename=filename, **fields))


PLATFORMS = {
    True: "any win32 win_amd64 win_arm64 linux_armv7l manylinux1_i686 manylinux2014_s390x manylinux_2_28_x86_64 "
    "manylinux_2_39_riscv64 musllinux_1_2_aarch64 macosx_10_9_universal2 macosx_11_0_arm64 macosx_26_0_arm64 "
    "ios_13_0_arm64_iphoneos android_24_x86_64 pyemscripten_2025_0_wasm32",
    False: "linux_x86_64 linux_aarch64 manylinux1_aarch64 manylinux2010_s390x musllinux_1_2_ppc64 macosx_11_1_arm64 "
    "macosx_16_0_arm64 macosx_10_9_sparc ios_13_0_arm64 win_mips wasi_0_0_wasm32 emscripten_3_1_58_wasm32",
}


@pytest.mark.parametrize(("accepted", "tags"), PLATFORMS.items())
def test_platforms(accepted: bool, tags: str) -> None:
    """Platform tags that promise a known ABI are taken, all others are not."""
    assert {tag: accepts_platform(tag) for tag in tags.split()} == dict.fromkeys(tags.split(), accepted)


RICH = (
    "Summary: A thing",
    "Keywords: a,b",
    "Project-URL: Home, https://example.com/a?b=c#d",
    "Project-URL: Docs, https://example.com",
    "Classifier: Programming Language :: Python :: 3",
    "Requires-Dist: click>=8",
    "Provides-Extra: x",
    "License-Expression: MIT",
    "Platform: any",
    "Dynamic: classifier",
    "Description-Content-Type: text/markdown",
)


@pytest.mark.parametrize("make", [good_wheel, good_sdist])
def test_form_is_what_twine_sends(tmp_path: Path, make: Callable[..., Path]) -> None:
    """The form of a file on disk has the fields and values that twine sends for it."""
    path = make(tmp_path, "swp", "1.0", *RICH)
    fields = PackageFile.from_filename(str(path), None).metadata_dictionary()
    sent: dict[str, tuple[str, ...]] = {}
    for name, value in Repository._convert_metadata_to_list_of_tuples(fields):
        sent[name] = (*sent.get(name, ()), value)
    own = {":action": ("file_upload",), "protocol_version": ("1",)}
    assert dict(form_of(path)) == {name: values for name, values in sent.items() if values != ("",)} | own


def test_form_carries_all_metadata(tmp_path: Path) -> None:
    """From METADATA to form and back, nothing is lost."""
    upload = upload_of(good_wheel(tmp_path, "swp", "1.0", *RICH))
    original = Metadata.from_email(metadata(*RICH))
    assert upload.metadata is not None
    names = [name for name in vars(Metadata) if not name.startswith(("_", "from_", "as_"))]
    assert {n: getattr(upload.metadata, n) for n in names} == {n: getattr(original, n) for n in names} | {
        "description": upload.metadata.description
    }


@given(
    st.text(st.sampled_from("ahtps:/?#[]@!%20 é\\<^~"), max_size=12),
    st.sampled_from(["", "https://", "http:", "HTTPS://a/"]),
)
def test_web_addresses_as_rfc3986(rest: str, start: str) -> None:
    """Home pages and project URLs are addresses where PyPI's own validator says so."""
    text = start + rest
    validator = Validator().allow_schemes("http", "https").require_presence_of("scheme")
    validator.check_validity_of("scheme", "host", "port", "path", "query")
    try:
        validator.validate(uri_reference(text).normalize())
    except (ValidationError, ValueError):
        assert not is_web_address(text)
    else:
        assert is_web_address(text)
