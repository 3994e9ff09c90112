"""Frames: the buffers of a call by address."""

import numpy as np
import pytest

from actinf.kernels import layout as L
from actinf.kernels.buffers import BUFFERS, Frame


def test_a_frame_holds_addresses_and_lengths() -> None:
    theta, x = np.zeros(7), np.zeros(3, dtype=np.int64)
    frame = Frame("float64", theta=theta, x=x)
    at = 2 * L.F_THETA
    assert frame.words[at : at + 2].tolist() == [theta.ctypes.data, 7]
    assert frame.words[2 * L.F_X + 1] == 3
    frame.put(x=x[:2])
    assert frame.words[2 * L.F_X + 1] == 2


def test_every_buffer_has_a_place_of_its_own() -> None:
    assert sorted(place for place, _ in BUFFERS.values()) == list(range(L.NUM_BUFFERS))


@pytest.mark.parametrize("buffer", [np.zeros(3, dtype=np.float32), np.zeros(6)[::2], np.zeros(3, dtype=np.int64)])
def test_a_frame_refuses_what_the_loop_would_misread(buffer: np.ndarray) -> None:
    with pytest.raises(TypeError, match="theta"):
        Frame("float64", theta=buffer)
