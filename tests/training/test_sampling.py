"""Which examples a step learns from."""

from __future__ import annotations

from collections import Counter
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xner_hf.errors import XnerError
from xner_hf.training.sampling import MixtureSampler, Part


def parts(*sizes, shares=None, lengths=None):
    """Corpora of some sizes, whose examples are numbered through."""
    found, first = [], 0
    for number, size in enumerate(sizes):
        of_corpus = tuple(lengths[:size]) if lengths else tuple(3 + (7 * i) % 11 for i in range(size))
        found.append(Part(f"c{number}", first, of_corpus, shares[number] if shares else None))
        first += size
    return found


def steps(sampler, epoch=0):
    """The examples of every step of an epoch."""
    sampler.set_epoch(epoch)
    batches = list(sampler)
    assert len(batches) == len(sampler)
    per_step = len(batches) // sum(sampler.steps)
    return [[i for batch in batches[at : at + per_step] for i in batch] for at in range(0, len(batches), per_step)]


def owner(corpora, example):
    return max(number for number, part in enumerate(corpora) if part.first <= example)


sizes = st.lists(st.integers(4, 70), min_size=1, max_size=3)
strategies = st.sampled_from(["temperature", "alternate"])


# What is taken


@settings(max_examples=100)
@given(sizes, st.integers(1, 9), st.integers(1, 3), strategies, st.integers(0, 5))
def test_passes_over_a_corpus_follow_each_other_and_leave_nothing_out(some, batch, accumulation, strategy, seed):
    corpora = parts(*some)
    sampler = MixtureSampler(corpora, batch, 1, accumulation, strategy, seed=seed)
    taken = [example for epoch in range(4) for step in steps(sampler, epoch) for example in step]
    for number, part in enumerate(corpora):
        own = [example for example in taken if owner(corpora, example) == number]
        size = len(part.lengths)
        for start in range(0, len(own) - size + 1, size):
            assert sorted(own[start : start + size]) == list(range(part.first, part.first + size))


@given(st.integers(1, 12), st.integers(1, 6))
def test_an_epoch_passes_once_over_the_first_corpus(batches, batch):
    sampler = MixtureSampler(parts(batches * batch, 50), batch)
    first = [example for step in steps(sampler) for example in step if example < batches * batch]
    assert sorted(first) == list(range(batches * batch))


@settings(max_examples=100)
@given(sizes, strategies, st.integers(0, 3))
def test_a_step_learns_from_one_corpus(some, strategy, epoch):
    corpora = parts(*some)
    sampler = MixtureSampler(corpora, 2, 2, 2, strategy, seed=3)
    found = [{owner(corpora, example) for example in step} for step in steps(sampler, epoch)]
    assert all(len(owners) == 1 for owners in found)
    assert Counter(owners.pop() for owners in found) == dict(enumerate(sampler.steps))


@settings(max_examples=100)
@given(sizes, strategies, st.integers(0, 3), st.integers(0, 9))
def test_a_step_learns_from_the_same_examples_however_it_is_split(some, strategy, epoch, seed):
    splits = [(8, 1, 1), (4, 2, 1), (4, 1, 2), (2, 2, 2), (2, 4, 1)]
    found = [steps(MixtureSampler(parts(*some), *split, strategy, seed=seed), epoch) for split in splits]
    assert all(other == found[0] for other in found)


def test_all_batches_are_full_so_that_every_process_has_one(size=13):
    sampler = MixtureSampler(parts(size), 4, 3)
    assert {len(batch) for batch in sampler} == {4}
    assert len(sampler) % 3 == 0


# Order


def test_another_epoch_has_another_order_and_the_same_seed_the_same():
    def order(epoch, seed=1):
        return steps(MixtureSampler(parts(40, 40), 4, seed=seed), epoch)

    assert order(0) == order(0) and order(1) == order(1)
    assert order(0) != order(1) and order(0) != order(0, seed=2)


def test_batches_hold_examples_of_like_length():
    lengths = [i % 64 for i in range(640)]
    sampler = MixtureSampler(parts(640, lengths=lengths), 8)
    spreads = [max(lengths[i] for i in batch) - min(lengths[i] for i in batch) for batch in sampler]
    assert len(spreads) == 80 and sum(spreads) / 80 < 8  # at random, 8 of 64 lengths spread over some 50


def test_steps_of_corpora_are_mixed_and_alternate_takes_turns():
    corpora = parts(40, 40)
    turns = [owner(corpora, step[0]) for step in steps(MixtureSampler(corpora, 4, strategy="alternate"))]
    assert turns == [0, 1] * 10
    mixed = [owner(corpora, step[0]) for step in steps(MixtureSampler(corpora, 4))]
    assert sorted(mixed) == [0] * 10 + [1] * 10 and mixed not in (sorted(mixed), turns)


# Shares


def test_steps_are_in_proportion_to_sizes():
    assert MixtureSampler(parts(80, 20, 160), 4).steps == [20, 5, 40]


def test_temperature_makes_corpora_more_alike():
    assert MixtureSampler(parts(400, 100), 4, temperature=2.0).steps == [100, 50]
    assert MixtureSampler(parts(400, 100), 4, temperature=inf).steps == [100, 100]


def test_shares_are_relative_to_that_of_the_first():
    assert MixtureSampler(parts(80, 80, shares=[2.0, 1.0]), 4, strategy="shares").steps == [20, 10]
    assert MixtureSampler(parts(80, 8, shares=[0.5, 1.0]), 4, strategy="shares").steps == [20, 40]


def test_alternate_gives_every_corpus_as_many_steps():
    assert MixtureSampler(parts(80, 8, 200), 4, strategy="alternate").steps == [20, 20, 20]


def test_every_corpus_has_a_step_at_least():
    assert MixtureSampler(parts(400, 1), 4).steps == [100, 1]
    assert MixtureSampler(parts(3), 8).steps == [1]


@given(st.integers(1, 7))
def test_a_corpus_smaller_than_a_step_comes_again_within_it(size):
    (step,) = steps(MixtureSampler(parts(size), 8))
    times = Counter(step)
    assert set(times) == set(range(size)) and max(times.values()) - min(times.values()) <= 1


# What is refused


def test_fewer_examples_than_processes_are_refused():
    with pytest.raises(XnerError, match="c1: 3 examples for 4 processes.*fewer processes"):
        MixtureSampler(parts(40, 3), 2, 4)
    MixtureSampler(parts(40, 4), 2, 4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"strategy": "temprature"}, "no sampling 'temprature'.*'temperature'"),
        ({"temperature": 0.0}, "temperature of the sampling is 0.0"),
        ({"strategy": "shares"}, "c0: its share is None"),
    ],
)
def test_what_cannot_be_sampled_is_refused(arguments, message):
    with pytest.raises(XnerError, match=message):
        MixtureSampler(parts(8, 8), 2, **arguments)


def test_a_share_of_nothing_is_refused():
    with pytest.raises(XnerError, match="c1: its share is 0"):
        MixtureSampler(parts(8, 8, shares=[1.0, 0.0]), 2, strategy="shares")
