"""A suggester ready for work: the city's own model where it has one, the shipped one for what that was not taught."""

from __future__ import annotations

from pathlib import Path

from classifier.model import Model
from classifier.service import in_service
from classifier.shipped import shipped_model
from classifier.suggest import Suggester
from data.reference import Reference

QUESTIONS = frozenset({"category", "detail", "kind", "unit", "request", "emergency"})


def ready(reference: Reference, folder: Path) -> Suggester:
    """A suggester by the model in service in ``folder``, else by the shipped one. Raises ModelError."""
    return suggester_of(in_service(folder) or shipped_model(reference), reference)


def suggester_of(model: Model, reference: Reference) -> Suggester:
    """A suggester by ``model``; what it was not taught (say, units) the shipped one answers."""
    taught = set(model.heads) >= QUESTIONS
    return Suggester(model, reference, None if taught else shipped_model(reference))
