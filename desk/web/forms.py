"""The forms of the queue and of a ticket, checked; what is wrong is said in Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, Self

from flask_wtf import FlaskForm
from wtforms import IntegerField, StringField, TextAreaField
from wtforms.validators import AnyOf, InputRequired, Length, NumberRange, Optional, ValidationError

from data.records import Kind, Suggestion, Urgency
from data.reference import Reference

REASONS: Mapping[str, str] = {
    "1": "不是诉求",
    "2": "重复反映",
    "3": "不在本市管辖范围",
    "4": "内容不清，无法交办",
    "5": "广告或违规内容",
}
TOLD = "紧急情况，已电话转告"
URGENCIES = {Urgency.DAYS.value: "按工作日", Urgency.IMMEDIATE.value: "即办"}
LONGEST_DAYS = 60


def contact_line(suggestion: Suggestion) -> str:
    """Every contact detail found, as the office system takes them."""
    return "；".join(f"{c.kind} {c.text}" for c in suggestion.contacts)


class Choice(StringField):  # type: ignore[misc]  # WTForms has no annotations
    """One of ``options`` (value -> how it is shown); the template draws the select."""

    def __init__(self, label: str, options: Mapping[str, str] = MappingProxyType({}), **more: Any) -> None:
        super().__init__(label, **more)
        self.options = options

    def pre_validate(self, form: Any) -> None:
        if self.data not in self.options:
            raise ValidationError(f"请选择{self.label.text}")


class Days(IntegerField):  # type: ignore[misc]
    """A number of days; what is none is said in Chinese."""

    def process_formdata(self, values: list[str]) -> None:
        try:
            super().process_formdata(values)
        except ValueError:
            raise ValueError("工作日要填整数") from None


class CorrectForm(FlaskForm):  # type: ignore[misc]
    """Kind, category, unit and urgency as the clerk sees them."""

    kind = Choice("诉求类型", {k.value: k.value for k in Kind})
    category = Choice("类别")
    unit = Choice("承办单位")
    urgency = Choice("办理时限", URGENCIES)
    days = Days("工作日", [Optional(), NumberRange(1, LONGEST_DAYS, f"工作日要在 1 到 {LONGEST_DAYS} 之间")])
    contact = StringField("联系方式", [Length(max=200, message="联系方式最多 200 字")])
    reason = StringField("说明", [Length(max=200, message="说明最多 200 字")])

    @classmethod
    def blank(cls, reference: Reference, on: date, **values: Any) -> Self:
        """The form with the city's choices, filled from ``values``, else from what was sent."""
        form = cls(formdata=None, data=values) if values else cls()
        form.category.options = {c.slug: c.name for c in reference.categories}
        form.unit.options = {u.slug: u.name for u in reference.units_on(on)}
        return form

    @classmethod
    def of(cls, suggestion: Suggestion, reference: Reference, on: date) -> Self:
        """The form as the machine would fill it."""
        return cls.blank(
            reference,
            on,
            kind=suggestion.kind.value,
            category=suggestion.category,
            unit=suggestion.units[0].name if suggestion.units else None,
            urgency=(Urgency.DAYS if suggestion.urgency == Urgency.DAYS else Urgency.IMMEDIATE).value,
            days=suggestion.days or 5,
            contact=contact_line(suggestion),
        )

    def validate(self, extra_validators: Any = None) -> bool:
        if not super().validate(extra_validators):
            return False
        if self.urgency.data == Urgency.DAYS and self.days.data is None:
            self.days.errors = ["请填写几个工作日"]
            return False
        return True


class SplitForm(FlaskForm):  # type: ignore[misc]
    """The two units a post is filed to."""

    unit = Choice("主办单位")
    second = Choice("第二个单位")

    @classmethod
    def blank(cls, reference: Reference, on: date) -> Self:
        form = cls()
        form.unit.options = form.second.options = {u.slug: u.name for u in reference.units_on(on)}
        return form


class RejectForm(FlaskForm):  # type: ignore[misc]
    """Why a post is not filed: one of the numbered reasons, or that someone was told by telephone."""

    reason = Choice("理由", {**REASONS, TOLD: TOLD})

    @property
    def said(self) -> str:
        return REASONS.get(self.reason.data, self.reason.data)


class MoveForm(FlaskForm):  # type: ignore[misc]
    """A move of a ticket and what there is to say about it."""

    move = StringField("动作", [InputRequired("请选择动作"), Length(max=20, message="没有这个动作")])
    note = TextAreaField("说明", [Length(max=1000, message="说明最多 1000 字")])
    reason = StringField("退单理由", [Length(max=20, message="没有这个理由")])
    days = Days("工作日", [Optional(), NumberRange(1, LONGEST_DAYS, f"工作日要在 1 到 {LONGEST_DAYS} 之间")])
    solved = StringField("是否解决", [AnyOf(("", "yes", "no"), "是否解决要选是或否")], default="")
    satisfied = StringField("是否满意", [AnyOf(("", "yes", "no"), "是否满意要选是或否")], default="")
    unit = StringField("承办单位", [Length(max=60, message="没有这个单位")])

    @property
    def terms(self) -> Mapping[str, Any]:
        """What goes with the move that is asked for, as ``ticketing.lifecycle`` takes it."""
        words = {"yes": True, "no": False}
        days = {} if self.days.data is None else {"days": self.days.data}
        given: Mapping[str, Mapping[str, Any]] = {
            "return": {"reason": self.reason.data} if self.reason.data else {},
            "ask_extension": days,
            "grant_extension": days,
            "follow_up": {n: words.get(getattr(self, n).data) for n in ("solved", "satisfied")},
        }
        return given.get(self.move.data, {})


def first_error(form: FlaskForm) -> str:
    """The first thing wrong with ``form``, in words."""
    return next((str(e) for field in form for e in field.errors), "表单没有填对，请检查")
