"""An economy explored by hand: controls, answers, diagrams, lines of Python; no page."""

from nege.explorer.answers import Answer
from nege.explorer.controls import Control, Switch
from nege.explorer.diagrams import Diagram
from nege.explorer.engine import Explorer
from nege.explorer.jobs import Cancelled, Job

__all__ = ["Answer", "Cancelled", "Control", "Diagram", "Explorer", "Job", "Switch"]
