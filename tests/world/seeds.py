"""Seed after seed: which one breaks a promise, and how to replay it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import structlog

from tests.world.checks import check_seed
from tests.world.world import Guards


def first_broken(seeds: Sequence[int], guards: Guards | None = None) -> str | None:
    """The first of these seeds that breaks a promise, which one, and how to replay it."""
    with quiet():
        for seed in seeds:
            broken = check_seed(seed, guards)
            if broken:
                return f"seed {seed}: {broken}\nreplay: python -m tests.world --seed {seed}"
    return None


@contextmanager
def quiet() -> Iterator[None]:
    """Without the logs of the parts: a world in trouble has much to say."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)
