"""Colours people can read. Goal: AA contrast of all text. Method: every pair that occurs."""

import pytest

from yunjin.chassis.console.tokens import DARK, LIGHT, Palette, contrast

AA = 4.5


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_text_stands_out_from_its_ground(palette: Palette) -> None:
    colours = dict(palette.items())
    pairs = [
        (text, ground)
        for text in ("ink", "muted", "brand_text", "good_text", "warn_text", "bad_text")
        for ground in ("panel", "raised")
    ]
    pairs += [(f"{tone}_text", f"{tone}_soft") for tone in ("brand", "good", "warn", "bad")]
    pairs += [("ink", "ground"), ("muted", "ground"), ("ink", "neutral_soft"), ("panel", "ink")]
    faint = {
        pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2)
        for pair in pairs
        if contrast(colours[pair[0]], colours[pair[1]]) < AA
    }
    assert faint == {}


def test_a_primary_button_can_be_read() -> None:
    assert contrast(LIGHT.on_brand, LIGHT.brand) >= AA
    assert contrast(DARK.on_brand, DARK.brand) >= AA


def test_contrast_is_that_of_the_standard() -> None:
    assert round(contrast("#000000", "#ffffff"), 1) == 21.0
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48
