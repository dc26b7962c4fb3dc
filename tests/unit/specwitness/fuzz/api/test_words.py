"""Each list of words is needed: without it, or without one of its words, a name is read in another way."""

from __future__ import annotations

import pytest

from specwitness.fuzz.api import words
from specwitness.fuzz.api.words import WordList, noun_of, same_noun, singulars, words_of

LISTS = {name: value for name, value in vars(words).items() if isinstance(value, WordList)}
WORDS = [(name, word) for name, words_of_list in LISTS.items() for word in words_of_list.examples]


def without(listed: WordList, word: str) -> WordList:
    rest = {other: example for other, example in listed.examples.items() if other != word}
    return WordList(listed.purpose, rest or {"nothing": "nothing"}, listed.is_inflected)


@pytest.mark.parametrize(("name", "word"), WORDS)
def test_example_is_read_by_its_word_and_not_without_it(name: str, word: str) -> None:
    listed = LISTS[name]
    example = listed.examples[word]
    assert word in listed.find_in(example)
    assert word not in without(listed, word).find_in(example)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("KEEPING_DELETED", "/blogs"),
        ("KEEPING_DELETED", "/catalogs/{id}"),
        ("KEEPING_DELETED", "/exchanges"),
        ("KEEPING_DELETED", "/feedbacks"),
        ("SWEEPING", "POST /admin/banners"),
        ("SWEEPING", "POST /admin/important"),
        ("READING", "reports"),
        ("READING", "listings"),
        ("ENDING_ACCESS", "passwordless-links"),
        ("SECRETS", "compass"),
        ("SECRETS", "secretary"),
        ("SECRETS", "basalt"),
        ("PERSONAL", "immobile"),
        ("BALANCES", "stockings"),
        ("AMOUNTS", "summary"),
        ("ENDED_STATES", "undisclosed"),
        ("PRIVILEGED", "administrative-fees"),
        ("RECIPIENTS", "total_id"),
        ("KEY_NOUNS", "/monkeys"),
        ("MOMENTS", "format"),
        ("ACCESS_NOUNS", "/authors"),
    ],
)
def test_part_of_a_word_is_not_the_word(name: str, text: str) -> None:
    assert not LISTS[name].occurs_in(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("movie", "movies"),
        ("cache", "caches"),
        ("person", "people"),
        ("person", "persons"),
        ("status", "statuses"),
        ("bus", "buses"),
        ("analysis", "analyses"),
        ("category", "categories"),
        ("child", "children"),
        ("address", "addresses"),
        ("order_item", "order_items"),
        ("news", "news"),
    ],
)
def test_singular_and_plural_are_one_noun(one: str, other: str) -> None:
    assert same_noun(one, other)


@pytest.mark.parametrize(("one", "other"), [("note", "vote"), ("bus", "bug"), ("status", "state")])
def test_two_nouns_are_not_one(one: str, other: str) -> None:
    assert not same_noun(one, other)


def test_word_without_letters_is_its_own_singular() -> None:
    assert singulars("2fa") == {"2fa"}
    assert singulars("") == {""}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("resetToken", ("reset", "token")),
        ("HTTPServer", ("http", "server")),
        ("close-account", ("close", "account")),
        ("$top", ("top",)),
        ("_rev", ("rev",)),
    ],
)
def test_name_is_split_into_its_words(name: str, found: tuple[str, ...]) -> None:
    assert words_of(name) == found


def test_phrase_is_found_as_a_whole_before_its_parts() -> None:
    assert words.LOGIN_NAMES.find_in("phoneNumber") == ["phone_number"]


@pytest.mark.parametrize("ending", words.ID_ENDINGS)
def test_ending_of_an_id_leads_to_its_noun(ending: str) -> None:
    name = words.ID_ENDINGS[ending]
    assert f"{noun_of(name)}{ending}" == words.snake(name)


@pytest.mark.parametrize("name", [*words.KEY_MEMBERS, "ids"])
def test_bare_key_names_no_noun(name: str) -> None:
    assert noun_of(name) == ""
