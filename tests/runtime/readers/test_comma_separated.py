"""CSV: headers, quotes, line ends, nulls, and lines that are not rows."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from support.plans import AT
from support.session import Session, files_plan
from tilewright_runtime.errors import InputError
from tilewright_runtime.readers.comma_separated import last_record_end

TS = AT - 1
HEADER = "k,n,t,ts\n"


def write(tmp_path: Path, content: str | bytes) -> tuple[Session, Counter[str], int]:
    """A session after one write of a CSV file, with what was refused and how many events were
    taken.
    """
    path = tmp_path / "events.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    session = Session()
    report = session.write(path)
    return session, report.refused, report.events


def test_columns_are_taken_by_name(tmp_path: Path) -> None:
    """Columns may stand in any order, and those that the plan does not use are passed over."""
    session, _, events = write(tmp_path, f"extra,ts,t,n,k\n?,{TS},x,5,a\n")
    assert (events, session.sums("a")) == (1, [5])


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    """A file with a BOM, as spreadsheets save them, has the same columns."""
    assert write(tmp_path, f"\ufeff{HEADER}a,5,x,{TS}\n")[0].sums("a") == [5]


def test_lines_may_end_as_on_windows(tmp_path: Path) -> None:
    """CR LF ends a line and leaves nothing on its last value; inside quotes it is kept."""
    session, refused, _ = write(
        tmp_path, (HEADER + f'a,5,"x\ny",{TS}\nb,6,z,{TS}\n').replace("\n", "\r\n")
    )
    assert not refused
    assert (session.sums("a", "b"), session.features(k="a")["t_last_1h"]) == ([5, 6], "x\r\ny")


def test_quotes_hold_commas_newlines_and_quotes(tmp_path: Path) -> None:
    """A quoted value is everything between its quotes, two quotes in it being one."""
    session, _, events = write(tmp_path, HEADER + f'a,1,"x,""y""\nz",{TS}\nb,2,"",{TS}\n')
    assert (events, session.features(k="a")["t_last_1h"]) == (2, 'x,"y"\nz')


def test_nothing_is_null_and_quoted_nothing_is_empty_text(tmp_path: Path) -> None:
    """An empty field is null; `""` is the text of length zero."""
    session, _, _ = write(tmp_path, HEADER + f'a,1,,{TS}\nb,2,"",{TS}\n')
    assert [session.features(k=key)["t_last_1h"] for key in "ab"] == [None, ""]


def test_blank_lines_are_passed_over(tmp_path: Path) -> None:
    """Empty lines between rows are neither rows nor errors."""
    _, refused, events = write(tmp_path, HEADER + f"\n\na,1,x,{TS}\n\n\nb,1,x,{TS}\n\n")
    assert (refused, events) == ({}, 2)


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_a_header_alone_is_a_file_without_events(tmp_path: Path, content: str) -> None:
    """A file that has only its header, or blank lines after it, adds nothing and is no error."""
    assert write(tmp_path, HEADER + content)[1:] == ({}, 0)


def test_a_cut_row_is_refused_and_the_others_are_kept(tmp_path: Path) -> None:
    """A line with too few or too many fields is counted with a hint that it may be cut."""
    session, refused, events = write(
        tmp_path, HEADER + f"a,1\n\nb,2,x,{TS}\nc,3,x,{TS},9,9\nd,4,x,{TS}\n"
    )
    assert (events, session.sums("a", "b", "c", "d")) == (2, [None, 2, None, 4])
    assert refused == {
        "has 2 fields, the header 4: is the line cut?": 1,
        "has 6 fields, the header 4: is the line cut?": 1,
    }


def test_a_row_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    """A row in another encoding is counted and does not stop the rest."""
    session, refused, _ = write(tmp_path, (HEADER + f"a,1,é,{TS}\nb,2,x,{TS}\n").encode("latin-1"))
    assert (session.sums("a", "b"), refused) == ([None, 2], {"not UTF-8 text": 1})


def test_a_quote_inside_a_value_is_part_of_it(tmp_path: Path) -> None:
    """A quote that does not open a field is a character like any other, and no row waits for it to
    be closed.
    """
    session, refused, events = write(tmp_path, HEADER + f'a,1,5" pipe,{TS}\nb,2,x,{TS}\n')
    assert (events, refused, session.features(k="a")["t_last_1h"]) == (2, {}, '5" pipe')


def test_text_after_a_closing_quote_does_not_hold_up_the_file(tmp_path: Path) -> None:
    """A field such as `"b"c` is odd but ends at its comma: the rows after it are read."""
    session, _, _ = write(tmp_path, HEADER + f'a,1,"b"c,{TS}\nb,2,x,{TS}\nc,3,x,{TS}\n')
    assert session.sums("b", "c") == [2, 3]


def test_a_quote_that_is_never_closed_is_refused(tmp_path: Path) -> None:
    """A quote without an end spoils its own row and does not crash."""
    session, refused, _ = write(tmp_path, HEADER + f'b,2,x,{TS}\na,1,"x,{TS}\n')
    assert session.sums("b") == [2]
    assert refused.total() == 1


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    """The error says which column is missing and which there are."""
    with pytest.raises(
        InputError, match=r"events.csv: has no column n, t; its columns are k, ts, N"
    ):
        write(tmp_path, f"k,ts,N\na,{TS},1\n")


def test_names_of_columns_do_not_reach_the_terminal_as_commands(tmp_path: Path) -> None:
    """A header is text of somebody else's; what would colour the terminal is shown as an escape."""
    with pytest.raises(InputError, match=r"its columns are k, \\x1b\[31mred\."):
        write(tmp_path, "k,\x1b[31mred\n")


def test_a_name_that_stands_twice_is_an_error(tmp_path: Path) -> None:
    """Two columns of one name cannot be told apart."""
    with pytest.raises(InputError, match="has the column k twice"):
        write(tmp_path, f"k,k,n,t,ts\na,b,1,x,{TS}\n")


def test_a_file_in_another_encoding_is_an_error(tmp_path: Path) -> None:
    """A header that is not UTF-8 is an error that says what to do."""
    with pytest.raises(InputError, match=r"not UTF-8 text. Save the file as UTF-8"):
        write(tmp_path, "k,größe,n,t,ts\n".encode("latin-1"))


def test_a_carriage_return_ends_no_write(tmp_path: Path) -> None:
    """Alone in a row that is not UTF-8: the row is refused, and the others are taken."""
    rows = HEADER.encode() + b"a,\r\xae0,x,%d\nb,2,y,%d\n" % (TS, TS)
    session, refused, _ = write(tmp_path, rows)
    assert (session.sums("b"), refused) == ([2], {"not UTF-8 text": 1})


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_a_file_in_utf_16_is_an_error(tmp_path: Path, encoding: str) -> None:
    """A file of the other Unicode says so, by its byte order mark."""
    with pytest.raises(InputError, match=r"is UTF-16 text. Save the file as UTF-8"):
        write(tmp_path, ("\ufeff" * (encoding == "utf-16-be") + HEADER).encode(encoding))


def test_an_empty_file_is_an_error(tmp_path: Path) -> None:
    """A file without its first line says so; one with nothing but that line has no events."""
    with pytest.raises(InputError, match="empty"):
        write(tmp_path, "")
    assert write(tmp_path, HEADER.rstrip())[1:] == ({}, 0)


def test_a_wrong_row_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """A row of too few fields in Latin-1 is refused like any other; the rest is written."""
    content = f"{HEADER}a,1,x,{TS}\nJos\xe9,9\n\nb,2,x,{TS}\n".encode("latin-1")
    session, refused, events = write(tmp_path, content)
    assert (events, refused) == (2, {"has 2 fields, the header 4: is the line cut?": 1})
    assert session.sums("a", "b") == [1, 2]


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_another_delimiter_is_guessed_and_can_be_said(tmp_path: Path, mark: str) -> None:
    """A header without commas tells what to declare, and so declared the file is read."""
    content = f'{HEADER}a,1,"x,y",{TS}\n'.replace(",", mark)
    with pytest.raises(InputError, match=re.escape(f"Say delimiter={mark!r} in its source")):
        write(tmp_path, content)
    path = tmp_path / "events.csv"
    session = Session(files_plan(delimiter=mark))
    assert session.write(path).events == 1
    assert session.features(k="a")["t_last_1h"] == f"x{mark}y"


def test_a_file_without_a_header_is_guessed(tmp_path: Path) -> None:
    """A first line of numbers and times is told to be data."""
    with pytest.raises(InputError, match="Is its first line data"):
        write(tmp_path, f"a,5,x,{TS}\n")


def test_null_values_stand_for_no_value(tmp_path: Path) -> None:
    """A text that a source names as null is none, in a number's column and in a text's."""
    path = tmp_path / "events.csv"
    path.write_text(f"{HEADER}a,NA,NA,{TS}\na,1,x,{TS}\n")
    session = Session(files_plan(null_values=["NA"]))
    assert session.write(path).events == 2
    features = session.features(k="a")
    assert (features["n_count_1h"], features["t_count_1h"]) == (1, 1)


def test_unused_columns_may_have_any_names(tmp_path: Path) -> None:
    """An index without a name and two columns of one name are passed over."""
    session, _, _ = write(tmp_path, f",x,k,x,n,t,ts\n0,1,a,2,5,x,{TS}\n")
    assert session.sums("a") == [5]


def reference_end(data: bytes) -> int:
    """Where the last whole record ends, byte by byte: a quote opens at a field's begin and closes
    at the next single one; if lines lie between and text follows, it was none, and its line ends.
    """
    end, at, start_of_field = 0, 0, True
    while at < len(data):
        if start_of_field and data[at : at + 1] == b'"':
            opening, at = at, at + 1
            while (closing := data.find(b'"', at)) >= 0 and data[closing + 1 : closing + 2] == b'"':
                at = closing + 2
            if closing < 0:
                return end
            at, start_of_field = closing + 1, False
            follows = data[at : at + 1]
            if b"\n" in data[opening:closing] and follows not in (b"", b",", b"\r", b"\n"):
                end = at = data.find(b"\n", opening) + 1
                start_of_field = True
            continue
        start_of_field = data[at : at + 1] in (b",", b"\n")
        at += 1
        end = at if data[at - 1 : at] == b"\n" else end
    return end


@given(st.text(st.sampled_from('a,"\n'), max_size=30).map(str.encode))
@example(b'a,1,z,5\na,2,"b\nc"')
@example(b'a,"b\nc""')
@example(b'a,"x,""y""\nz')
@example(b'a,"b"c\nd\n')
@example(b'a,"b\nc\nd,"e\nf\n')
@example(b'a,"b\nc"')
def test_a_record_ends_outside_of_quotes(data: bytes) -> None:
    """The last newline that is not inside quotes ends the last whole record, wherever the data was
    cut.
    """
    assert last_record_end(data) == reference_end(data)


def test_a_quote_that_is_never_closed_spoils_its_own_line_only(tmp_path: Path) -> None:
    """The lines after an open quote are read."""
    content = f'{HEADER}a,1,x,{TS}\na,2,"open,{TS}\na,3,z,{TS}\na,4,z,{TS}\n'
    _, refused, events = write(tmp_path, content)
    assert (events, sum(refused.values())) == (3, 1)


def test_two_quotes_that_are_never_closed_spoil_their_own_lines_only(tmp_path: Path) -> None:
    """They are no pair, also where what lies between has as many fields as a row."""
    open_rows = f'a,2,"open,{TS}\na,3,z,{TS}\na,4,"open,{TS}\na,5,z,{TS}\n'
    session, refused, events = write(tmp_path, f"{HEADER}a,1,x,{TS}\n{open_rows}")
    assert (session.sums("a"), events) == ([9], 3)
    assert refused == {"has an open quote": 2}


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_value_of_several_lines_is_one_value(tmp_path: Path, line_end: str) -> None:
    """Inside a row and at its end."""
    rows = f'a,1,"x\ny",{TS}{line_end}', f'{TS},b,1,"x\ny"{line_end}'
    for at, (header, row) in enumerate(zip((HEADER, "ts,k,n,t\n"), rows, strict=True)):
        session, refused, _ = write(tmp_path, header + row)
        assert (session.features(k="ab"[at])["t_last_1h"], refused) == ("x\ny", {})


def test_a_file_of_which_no_row_is_whole_is_refused_row_by_row(tmp_path: Path) -> None:
    """Where nothing is left for the parser, the rows are refused with their reasons."""
    _, refused, events = write(tmp_path, HEADER.encode() + b"caf\xe9,1\nb\xff,2\n")
    assert (refused, events) == ({"has 2 fields, the header 4: is the line cut?": 2}, 0)
