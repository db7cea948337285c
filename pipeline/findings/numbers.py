"""Numbers as the paper writes them."""

import numpy as np


def short(number: float) -> str:
    """Thousands: 64000 -> 64k, 512 -> 512."""
    return f"{number / 1000:g}k" if number >= 1000 and number % 500 == 0 else f"{number:,.0f}"


def ratio(value: float) -> str:
    """A ratio: 0.125 -> 1/8, 2 -> 2."""
    if 0 < value < 1 and np.isclose(1 / value, round(1 / value), rtol=0.01):
        return f"1/{round(1 / value)}"
    return f"{value:.3g}"
