"""The troubleshooting page tells of every error that the program can report, and of no other."""

from __future__ import annotations

import error_codes


def test_every_code_of_the_source_is_explained_and_none_that_is_gone() -> None:
    assert not error_codes.differences()


def test_the_page_says_what_the_table_says() -> None:
    page = error_codes.PAGE.read_text(encoding="utf-8")
    assert page == error_codes.page_with(page, error_codes.listing()), "run `python tools/error_codes.py`"


def test_a_code_says_what_it_means_and_what_to_do_in_sentences() -> None:
    for family in error_codes.families():
        for code, (means, do) in family.codes.items():
            assert means.endswith("."), code
            assert do.endswith((".", "`")), code


def test_codes_are_found_in_classes_and_in_problems_made_by_hand() -> None:
    found = {(source.code, source.name): source for source in error_codes.sources()}
    assert ("video.not_a_video", "NotAVideo") in found
    assert ("memory.full", "Problem") in found
    assert ("internal.error", "Reel2RigError") in found  # an annotated attribute
    worker = found["worker.failed", "WorkerError"]
    assert worker.sentence == "The worker process or its environment did not do its job."
