"""Tells a holding reply (收到, 已转交, 正在核实) from an answer that says something of the matter.

A reply is cut into clauses; it is holding when each is one of receiving, passing on or waiting, a courtesy, a signature,
or a telephone beside those. Whatever else is said is taken for substance, so that a unit's answer is never passed over.
A reply of courtesies alone (感谢您的建议) says nothing of the matter and is holding too. Measured by
``python -m bench.measure_holding``.
"""

from __future__ import annotations

import re

LONGEST = 300  # characters; a longer reply says something
_CUT = re.compile(r"[，,。.！!？?；;：:、…~～\"“”()（）]+")
_DATE = re.compile(
    r"[二2][〇○ｏoO零0][一二三四五六七八九〇零\d]{2}[年/.-][一二三四五六七八九十\d]{1,3}[月/.-][一二三四五六七八九十\d]{1,3}日?"
)

_COURTESY = re.compile(
    r"^(尊敬的|亲爱的|来信|各位|广大)?(网友|网民|楼主|市民|朋友|先生|女士|同志|UU\d{0,12})?(朋友)?(您们?|你们?)?好?$"
    r"|感谢|谢谢|多谢|欢迎您|祝您|敬请|谅解|抱歉|特此(回复|答复)|^现?(回复|答复|说明)如下$|^以上$"
    r"|^((关于|针对)?(您|你|网友)?所?(反映|咨询|提出|投诉|留言|提)的?.{0,12}|关于.{0,30}的?(问题|情况|留言|帖子|来信))$"
    r"|^(希望|望|欢迎)?(您|你)?(一如既往|继续|多).{0,8}(支持|关注|关心|努力|监督|提).{0,14}$|继续努力|^.{0,10}[县区市镇].{0,10}(办|局|委|部|政府|办事处)$"
    r"|^(此|该|本|您的|你的)?(帖|贴|来帖|来信|留言|帖子|问题|情况)$|^我(们|办|局|委|市|区|县|镇|单位|公司)$"
)
_RECEIVED = re.compile(r"收到|收悉|已阅|知悉|已知晓|获悉")
_PASSED_ON = re.compile(
    r"(已|将|并|现|即|正)[^。]{0,12}?(转|交办|交由|移交|报送|上报|通报|派单|受理|登记|记录|安排(工作人员|人员|专人|相关)|通知相关)"
    r"|(汇报|报告|反馈|交办|上报)(给|至|上级|了).{2,24}$"
    r"|^转.{2,20}(办理|处理|核实|调查|核处)?$|交.{1,12}(调查|核处|核实|办理)|转给|转交|转至"
)
_UNDER_WAY = re.compile(
    r"正在?(抓紧|积极|进一步)?(核实|调查|了解|核查|研究|处理|办理|协调|跟进|落实|核处)|跟踪督促|跟进处理"
    r"|(调查|核实|核处|查)(清楚)?(之?后|处理)|(将|会|再|待|尽快|及时|第一时间|稍后|随后|近期).{0,16}(回复|答复|反馈|告知|回应|核实|处理|解决|办理|联系)"
    r"|(耐心)?(等待|等候|稍候|稍等)|(请|敬请)?(留意|关注)(后续|近期)?.{0,6}(回复|答复|结果|进展)?$"
    r"|^(调查|核实|核处|办理|办复|处理|关注|答复|反馈)$|留下.{0,8}联系方式|便于.{0,16}联系|^如(有|出台).{0,8}(情况|进展|政策|结果)"
    r"|(将|会|要求).{0,8}(认真|充分|严格|积极|持续)?(考虑|梳理|论证|调研|研究|核实|处理|关注并督促|督促办理)|(将|会)?及时(向社会)?(公布|回复)"
    r"|(等|待|有).{0,12}(后|结果).{0,10}(回复|答复|告知)?$|(核实|核处|核查|进行)?、?办复$|^努力改进$|(建议|意见)(已|均已)?(收集|采纳)$"
)
# Whom to ring beside what was passed on is no word on the matter.
_TELEPHONE = re.compile(r"电话|拨打|致电|^[\d\-－—／/]{7,}.{0,4}$")
# What was found, done, decided or promised by a date is substance, whatever stands beside it.
_SUBSTANCE = re.compile(
    r"经.{0,10}(调查|核实|查|了解|现场|检查|勘)|(已|已经|予以|完成)(修复|恢复|解决|整改|清理|更换|安装|补齐|办结|支付|发放|退还|拆除|处罚|到位)"
    r"|根据|按照|依据|规定|原因(是|为)|预计|计划|不属(于)?|不在.{0,8}范围|无法|不能|暂不|可以|需要|应当"
)


def is_holding(body: str) -> bool:
    """收到/已转交 and no more, as against an answer of substance."""
    text = _DATE.sub("", re.sub(r"\s+", "", body[: LONGEST * 2]))
    if len(text) > LONGEST:
        return False
    clauses = [c for c in _CUT.split(text) if c]
    if not clauses:
        return False  # a picture, perhaps: what cannot be read is not judged
    said = [c for c in clauses if not _TELEPHONE.search(c)]
    if _SUBSTANCE.search("，".join(said)) or not all(_COURTESY.search(c) or _waits(c) for c in said):
        return False
    return len(said) == len(clauses) or any(_waits(c) and not _COURTESY.search(c) for c in said)


def _waits(clause: str) -> bool:
    return bool(_RECEIVED.search(clause) or _PASSED_ON.search(clause) or _UNDER_WAY.search(clause))
