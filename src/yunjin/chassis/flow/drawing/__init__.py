"""Flows drawn for people: from a function's code to a chart, its layout, BPMN 2.0 and SVG.

What is drawn is what the code says, found by reading it: nothing is run. Computing between two
yields is left out, but for the conditions that choose a way.
"""

from yunjin.chassis.flow.drawing.charts import Chart, Line, Mapped, Shape, ShapeKind
from yunjin.chassis.flow.drawing.from_code import chart_of
from yunjin.chassis.flow.drawing.layout import laid
from yunjin.chassis.flow.drawing.pictures import svg
from yunjin.chassis.flow.drawing.writing import bpmn

__all__ = ["Chart", "Line", "Mapped", "Shape", "ShapeKind", "bpmn", "chart_of", "laid", "svg"]
