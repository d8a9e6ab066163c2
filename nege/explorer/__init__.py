"""An economy explored by hand: controls, answers, diagrams, lines of Python; no page."""

from nege.explorer.answers import Answer
from nege.explorer.controls import Control, Switch
from nege.explorer.diagrams import Diagram
from nege.explorer.engine import Explorer
from nege.explorer.jobs import Job
from nege.explorer.lines import Script
from nege.progress import Cancelled

__all__ = ["Answer", "Cancelled", "Control", "Diagram", "Explorer", "Job", "Script", "Switch"]
