"""The issue catalogue: read whole, or refused with every fault at once."""

from pathlib import Path

import pytest

from stance.domain import Issue
from stance.errors import FileError, InputError, UnknownIssueError
from stance.issues import Catalogue, read_catalogue

TAX = Issue("carbon-tax", "Carbon tax", "The EU should tax carbon")
WAR = Issue("war", "War", "The war should end")
CATALOGUE = Catalogue((TAX, WAR))

TWO_ISSUES = """
[[issue]]
id = "carbon-tax"
name = "Carbon tax"
proposition = "The EU should tax carbon"

[[issue]]
id = "war"
name = "War"
proposition = "The war should end"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mine.toml"


def faults_of(path: Path, text: str) -> tuple[str, ...]:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FileError) as caught:
        read_catalogue(path)
    assert str(caught.value).startswith(f"{path}: ")
    return caught.value.faults


def test_a_catalogue_is_read_in_the_order_of_its_file(path: Path) -> None:
    path.write_text(TWO_ISSUES)

    assert read_catalogue(path) == CATALOGUE


def test_a_catalogue_may_be_in_any_language(path: Path) -> None:
    text = '[[issue]]\nid="мир"\nname="Мир"\nproposition="Россия должна заключить мир"\n'
    path.write_text(text, encoding="utf-8")

    assert list(read_catalogue(path)) == [Issue("мир", "Мир", "Россия должна заключить мир")]


def test_the_default_catalogue_has_issues_of_different_ids_that_end_without_a_stop() -> None:
    issues = list(read_catalogue())

    assert len(issues) >= 10
    assert len({issue.id for issue in issues}) == len(issues)
    assert [issue.id for issue in issues if issue.proposition.endswith(".")] == []
    assert "nato-membership" in {issue.id for issue in issues}


def test_an_issue_is_found_by_its_id() -> None:
    assert CATALOGUE["war"] == WAR


def test_an_unknown_issue_lists_the_nearest_ids() -> None:
    with pytest.raises(UnknownIssueError) as caught:
        CATALOGUE["carbon-taxes"]

    assert str(caught.value) == "unknown issue 'carbon-taxes'; nearest known: carbon-tax"
    assert (caught.value.issue_id, caught.value.nearest) == ("carbon-taxes", ("carbon-tax",))


def test_an_issue_like_no_other_lists_all_ids() -> None:
    with pytest.raises(UnknownIssueError) as caught:
        CATALOGUE["zzzzzz"]

    assert str(caught.value) == "unknown issue 'zzzzzz'; nearest known: carbon-tax, war"


def test_an_unknown_issue_is_shown_short_and_without_control_characters() -> None:
    with pytest.raises(UnknownIssueError) as caught:
        CATALOGUE["\x1b[31m" + "y" * 1000]

    shown = "\\x1b[31m" + "y" * 55 + "..."
    assert str(caught.value) == f"unknown issue '{shown}'; nearest known: carbon-tax, war"


def test_asking_nothing_asks_the_whole_catalogue() -> None:
    assert CATALOGUE.ask([], []) == [TAX, WAR]


def test_issues_are_asked_in_the_order_named_then_the_propositions() -> None:
    asked = CATALOGUE.ask(["war", "carbon-tax"], ["Taxes should rise"])

    assert asked == [WAR, TAX, Issue.ad_hoc("Taxes should rise")]


def test_propositions_alone_leave_the_catalogue_out() -> None:
    assert CATALOGUE.ask([], ["Taxes should rise"]) == [Issue.ad_hoc("Taxes should rise")]


def test_a_blank_proposition_is_refused() -> None:
    with pytest.raises(InputError, match="is empty; give at least one word"):
        CATALOGUE.ask([], [" "])


def test_a_catalogue_knows_its_length() -> None:
    assert len(CATALOGUE) == 2


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param("", "has no [[issue]] table; write at least one", id="empty"),
        pytest.param("issue = []", "has no [[issue]] table; write at least one", id="no issue"),
        pytest.param("issue = 3", "has no [[issue]] table; write at least one", id="a number"),
        pytest.param("issue = [3]", "issue 1: must be a table [[issue]]", id="no table"),
    ],
)
def test_a_file_without_issues_is_refused(path: Path, text: str, fault: str) -> None:
    assert faults_of(path, text) == (fault,)


def test_a_single_table_is_told_apart_from_a_list_of_tables(path: Path) -> None:
    text = '[issue]\nid = "a"\nname = "A"\nproposition = "p"\n'

    assert faults_of(path, text) == ("has no [[issue]] table; write at least one",)


def test_every_fault_of_a_catalogue_is_reported_at_once(path: Path) -> None:
    text = f"""
    title = "Mine"
    {TWO_ISSUES}
    [[issue]]
    id = "Upper"
    name = "n"
    proposition = "p"
    [[issue]]
    id = "war"
    name = "n"
    proposition = "The war should end"
    color = "red"
    [[issue]]
    name = 7
    """

    assert faults_of(path, text) == (
        "unknown key 'title'; only [[issue]] tables",
        "issue 3: id: may hold lower-case letters, digits and hyphens only",
        "issue 4: unknown key 'color'",
        "issue 4: id 'war' is used twice",
        "issue 4: same proposition as issue 'war'",
        "issue 5: id is missing",
        "issue 5: proposition is missing",
    )


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        pytest.param("name = 7", "issue 1: name: must be text, not int", id="number"),
        pytest.param('name = " "', "issue 1: name: is empty; give at least one word", id="blank"),
        pytest.param("name = []", "issue 1: name: must be text, not list", id="list"),
    ],
)
def test_a_field_that_is_no_text_is_a_fault(path: Path, line: str, fault: str) -> None:
    text = f'[[issue]]\nid = "a"\nproposition = "p"\n{line}\n'

    assert faults_of(path, text) == (fault,)


@pytest.mark.parametrize("issue_id", ["7", "true", "[]"], ids=["number", "boolean", "list"])
def test_an_id_that_is_no_text_is_a_fault(path: Path, issue_id: str) -> None:
    text = f'[[issue]]\nid = {issue_id}\nname = "n"\nproposition = "p"\n'

    [fault] = faults_of(path, text)

    assert fault.startswith("issue 1: id: must be text, not ")


def test_a_file_that_is_not_toml_is_refused_with_the_line(path: Path) -> None:
    [fault] = faults_of(path, "[[issue]]\nid = carbon\n")

    assert fault.startswith("cannot be read as TOML: ")
    assert "line 2" in fault


def test_a_catalogue_that_is_not_utf_8_is_refused(path: Path) -> None:
    path.write_bytes(b'[[issue]]\nid = "\xff"\n')

    with pytest.raises(FileError, match="cannot be read as TOML: 'utf-8' codec"):
        read_catalogue(path)


def test_a_catalogue_that_is_not_there_is_refused_by_name(path: Path) -> None:
    with pytest.raises(FileError) as caught:
        read_catalogue(path)

    assert str(caught.value).startswith(f"{path}: cannot be read as TOML: ")


def test_of_many_faults_twenty_are_shown_and_the_rest_counted(path: Path) -> None:
    path.write_text("[[issue]]\nname = 'n'\nproposition = 'p'\n" * 25)

    with pytest.raises(FileError) as caught:
        read_catalogue(path)

    lines = str(caught.value).splitlines()
    assert len(caught.value.faults) == 25
    assert lines[0] == f"{path}: issue 1: id is missing"
    assert lines[20:] == [f"{path}: and 5 more faults"]
