"""What the soak run calls grown."""

from dataclasses import replace

from tools.soak.figures import MAY_GROW, Figures, growth

FIRST = Figures(tasks=7, own_tasks=2, own_timers=0, own_objects=300, sockets=12, megabytes=250.0)


def test_figures_that_stay_are_fine() -> None:
    assert growth(FIRST, FIRST) == []


def test_each_figure_that_grew_is_reported() -> None:
    assert growth(FIRST, replace(FIRST, own_tasks=3)) == ["own_tasks grew from 2 to 3"]
    assert growth(FIRST, replace(FIRST, megabytes=251 + MAY_GROW.megabytes)) == [
        f"megabytes grew from 250 to {251 + MAY_GROW.megabytes:g}"
    ]
