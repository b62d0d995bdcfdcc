"""Ids as clients are told them."""

from __future__ import annotations

import copy
import json
import uuid

from drf_live_graphql.live.reading import ShownId, shown_id


def test_an_id_is_a_text_that_knows_its_row() -> None:
    key = uuid.uuid4()
    for pk, id_, text in ((5, None, "5"), (key, None, str(key)), (5, "slug", "slug")):
        shown = shown_id(pk, id_)
        assert shown == text
        assert shown.pk == pk
        assert json.dumps([shown]) == json.dumps([text])
        assert {shown} == {text}


def test_a_copy_knows_its_row_as_well() -> None:
    """Channel layers copy what goes through them."""
    again = copy.deepcopy(shown_id(5, "slug"))
    assert isinstance(again, ShownId)
    assert (again, again.pk) == ("slug", 5)
