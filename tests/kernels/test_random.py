"""Counter-based random numbers: the published generator, addressed by seed, agent, episode, step and stream."""

import numba
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from actinf.kernels import random

WORD = st.integers(0, 2**64 - 1)


@numba.njit
def block(key: np.ndarray, counter: np.ndarray) -> np.ndarray:
    words = random.philox(key[0], key[1], counter[0], counter[1], counter[2], counter[3])
    return np.array([words[0], words[1], words[2], words[3]])


@numba.njit
def uniforms(seed: int, agent: int, episode: int, step: int, stream: int, count: int) -> np.ndarray:
    return np.array([random.uniform(seed, agent, episode, step, stream, draw) for draw in range(count)])


def of_numpy(key: list[int], counter: list[int]) -> np.ndarray:
    """NumPy counts up before it draws: the block at a counter comes after a start at the counter before."""
    number = sum(word << (64 * place) for place, word in enumerate(counter))
    return np.random.Philox(key=np.array(key, dtype=np.uint64), counter=(number - 1) % 2**256).random_raw(4)


@given(st.tuples(WORD, WORD), st.tuples(WORD, WORD, WORD, WORD))
def test_a_block_is_that_of_numpys_philox(key: tuple[int, ...], counter: tuple[int, ...]) -> None:
    got = block(np.array(key, dtype=np.uint64), np.array(counter, dtype=np.uint64))
    np.testing.assert_array_equal(got, of_numpy(list(key), list(counter)))


@given(*[st.integers(0, 2**63 - 1)] * 4, st.integers(0, 2))
def test_draws_are_the_words_of_the_block_that_their_address_names(
    seed: int, agent: int, episode: int, step: int, stream: int
) -> None:
    """Key (seed, agent), counter (episode, step, stream, block); 53 bits of each word."""
    words = np.concatenate([of_numpy([seed, agent], [episode, step, stream, number]) for number in range(3)])
    wanted = (words >> np.uint64(11)) * 2.0**-53
    np.testing.assert_array_equal(uniforms(seed, agent, episode, step, stream, 12), wanted)


def test_draws_are_uniform_and_differ_between_neighbouring_addresses() -> None:
    base = (7, 3, 2, 5, 1)
    draws = [uniforms(*base, 2000)]
    for at in range(5):
        address = list(base)
        address[at] += 1
        draws.append(uniforms(*address, 2000))
    for x in draws:
        assert 0.0 <= x.min() < 0.005 < 0.995 < x.max() < 1.0
        assert abs(x.mean() - 0.5) < 5 / np.sqrt(12 * 2000)
    correlations = np.corrcoef(draws) - np.eye(6)
    assert np.abs(correlations).max() < 5 / np.sqrt(2000)
    assert len(np.unique(draws)) == 12_000


def test_the_streams_of_agent_and_world_are_apart() -> None:
    assert len({random.AGENT_STREAM, random.WORLD_MOVE_STREAM, random.WORLD_OBSERVE_STREAM}) == 3
