"""What a run did, in the words of staff: its stages, and what each of them counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ticketing.attempt import Result
from ticketing.lifecycle import MOVES

STAGES = {
    "crawl": "读取论坛",
    "suggest": "分析帖子",
    "index": "编入检索",
    "automatic": "自动交办",
    "barometer": "晴雨表",
    "send": "发送",
    "check": "核对答复",
    "remind": "催办督办",
    "sync": "取办公系统进展",
    "digest": "日报",
    "retain": "按期限删除",
    "heartbeat": "报平安",
}
COUNTED = {
    "threads": "读帖",
    "suggested": "新建议",
    "emergencies": "紧急情况",
    "indexed": "编入",
    "shadow": "只记录未交办",
    "filed": "已交办",
    "over_the_cap": "超过每小时上限",
    "switched_off": "已自行停用",
    "series": "查看的序列",
    "rises": "正在升",
    "told": "已通知",
    "pending": "待答复",
    "on_time": "按时答复",
    "late": "超时答复",
    "overdue": "逾期未答",
    "unverifiable": "无法核实",
    "withdrawn": "帖子已撤",
    "edited": "帖子有修改",
    "recomputed": "重算了办结日期",
    "leader": "抄报领导",
    "noted": "只作记录",
    "held": "等判定后再办结",
    "strange": "状态看不懂",
    "unanswered": "办公系统没有提到",
    "problems": "没有取到",
    "units": "发给单位",
    "leaders": "发给领导",
    "unreachable": "没有联系方式的单位",
    "no_leaders": "没有写明领导的联系方式",
    "known": "已经写过",
    "erased_contacts": "删了联系方式的帖子",
    "erased_text": "删了内容的帖子",
    "erased_pages": "删了的网页快照",
}
CHANNELS = {"office": "交办", "notice": "通知", "alarm": "告警", "duty": "值班提醒"}
ATTEMPTS = {Result.SENT: "已发出", Result.RETRY: "稍后再试", Result.FAILED: "发送失败", Result.UNKNOWN: "结果不明"}


def words(stage: Mapping[str, Any]) -> str:
    """``读帖 12，交办已发出 3``: what a stage counted, and what it says went wrong; "" where nothing happened."""
    counts = [f"{_name(k)} {v}" for k, v in stage.items() if isinstance(v, int) and not isinstance(v, bool) and v]
    wrong = [str(stage["error"])] if stage.get("error") else []
    return "；".join(filter(None, ("，".join(counts), *map(str, stage.get("failures", ())), *wrong)))


def _name(key: str) -> str:
    channel, _, result = key.partition("_")
    if channel in CHANNELS and result in list(Result):
        return CHANNELS[channel] + ATTEMPTS[Result(result)]
    if key in COUNTED:
        return COUNTED[key]
    return MOVES[key].name_zh if key in MOVES else key
