"""Who dealt with a matter, by the words of the reply itself: the rule that docs/labels.md states.

Only the reply is read, never the question. In order: the signature at its end, the office a case was handed to, the office
that looked into it, and "我局" beside an office's name. A span that names a township, a sub-district or a government only
gives nothing: which of those it is, the place decides, not the duties.
"""

from __future__ import annotations

import re

# Words of an office's name -> our unit with the same duty; the first that stands in the span decides. County and district
# offices stand for the city's bureau of their duty; units since merged are named as they were, their successors answer.
OFFICES = (
    ("交警|交通警察", "traffic-police"),
    ("消防", "fire-brigade"),
    ("公积金", "housing-fund"),
    ("房屋征收|征地拆迁|拆迁事务|征收办|征收管理|拆迁办|征拆", "demolition-office"),
    ("自来水|供水公司|水业|供水集团", "water-group"),
    ("供电|电力|电业|国家电网|国网", "power-company"),
    ("燃气|天然气", "gas-company"),
    ("热力公司|供热公司", "heating-company"),
    ("公交(?:集团|公司|总公司)|公共交通", "bus-company"),
    ("路灯|亮化", "lamps"),
    ("环卫|环境卫生", "sanitation"),
    ("园林|绿化局", "parks-bureau"),
    ("市政(?:公司|工程|管理处|维护|局|设施)", "municipal-works"),
    ("城管|城市管理|行政执法局|城市综合管理|数字化城市", "urban-management"),
    ("国土|自然资源", "land-bureau"),
    ("规划", "planning-bureau"),
    ("住房保障|房产|房管|房地产", "housing-bureau"),
    ("住房和城乡建设|住建|建设局|住建委|质安监|城乡建设委|质监站", "construction-committee"),
    ("公路局|公路管理|公路建设|高速公路|公路段", "highway-bureau"),
    ("交通|运管|道路运输|客运|出租车管理", "transport-bureau"),
    ("(?<!森林)公安|派出所|警务|治安大队|刑侦|经侦|出入境", "police-bureau"),
    ("环保|环境保护|生态环境|环境监察", "environment-bureau"),
    ("畜牧|动物卫生", "livestock-bureau"),
    ("林业|森林公安", "forestry-bureau"),
    ("水利|水务|河长", "water-bureau"),
    ("移民", "relocation-bureau"),
    ("扶贫", "poverty-office"),
    ("农业|农村部|农办|农机|农经|农村经营", "agriculture-bureau"),
    ("教育|教体|文教|学校|教科", "education-bureau"),
    ("人社|人力资源|劳动|社保|社会保险|社会保障|医保|医疗保险|医疗保障|就业", "labour-bureau"),
    ("卫生计生|卫计|卫生健康|卫健|卫生|新农合|合作医疗|医院|疾控|计生|计划生育", "health-bureau"),
    ("食品药品|食药", "food-drug-bureau"),
    ("工商", "industry-commerce"),
    ("质监|质量技术监督", "quality-bureau"),
    ("市场监督|市场监管|食品药品工商质量", "market-supervision"),
    ("(?<!人)民政", "civil-affairs"),
    ("残联|残疾人", "disabled-federation"),
    ("财政", "finance-bureau"),
    ("税务|地税|国税", "tax-bureau"),
    ("物价|价格", "price-bureau"),
    ("发改|发展和改革|发展改革", "development-reform"),
    ("商务", "commerce-bureau"),
    ("经信|工信|经济和信息化|科工|科技和工业", "industry-information"),
    ("旅游", "tourism-bureau"),
    ("文体|文化|广电|广播电视|文广", "culture-bureau"),
    ("体育局", "sports-bureau"),
    ("司法", "justice-bureau"),
    ("(?:人民|中级)法院|^[A-Z0-9市县区]*法院", "court"),
    ("检察", "procuratorate"),
    ("纪委|监察局|纪检|监委", "discipline"),
    ("组织部", "organisation-department"),
    ("安监|安全生产|应急管理", "safety-bureau"),
    ("人防", "civil-air-defence"),
    ("电信", "telecom-telecom"),
    ("移动公司|移动通信|中国移动", "telecom-mobile"),
    ("联通", "telecom-unicom"),
    ("邮政", "post-office"),
    ("有线电视|广电网络", "cable-tv"),
    ("金融办|金融工作", "finance-office"),
    ("银监|银行", "banking-regulator"),
    ("国资委", "state-assets"),
    ("信访局", "letters-visits"),
    ("气象", "weather-bureau"),
    ("烟草|编办|档案|机构编制", ""),
)
_ENDING = "局|委员会|委|办公室|办|中心|公司|大队|支队|部门|集团|管理处|法院|检察院|学校"
_NAME = r"[^,，。；;：:！!（(“”]{0,14}"
_SIGNED = re.compile(
    r"(?:[。！!；;”】）]|监督|支持|谢谢|感谢)([\u4e00-\u9fffA-Z0-9]{3,24}?(?:局|委|委员会|公司|办公室|中心|支队|大队|处|院|集团))"
    r"(?:[（(][^）)]{0,12}[)）])?(?:20\d\d年\d+月\d+日|\d{4}[.-]\d+[.-]\d+|[二〇○零一三四五六七八九十年月日]{6,12})?。?$"
)
_TOLD = (
    re.compile(rf"(?:转交|转至|转由|转给|转达|已转|责成|交由|批转|交办给|函转)(?:给|至|由|到)?({_NAME}(?:{_ENDING}))"),
    re.compile(
        rf"(?:[,，。：:；”]|^)(?:经|根据|据)({_NAME}(?:{_ENDING}))[^,，。]{{0,12}}(?:调查|核实|核查|了解|答复|回复|反馈|现场)"
    ),
    re.compile(
        rf"(?:[,，。：:；]|^)({_NAME}(?:{_ENDING}))(?:领导)?(?:高度重视|立即|迅速|组织|派出|派员|派人|安排|现回复|回复如下|答复如下|对此)"
    ),
    re.compile(rf"我(?:局|委|公司|大队|支队)[（(]({_NAME}(?:{_ENDING}))"),
)
OPENING = 260  # characters of the reply in which it says who dealt with it; later offices are asides


def dealt_with(reply: str) -> str:
    """The unit's slug; empty where the reply's own words do not say."""
    plain = re.sub(r"\s+", "", reply)
    signed = _SIGNED.search(plain)
    if signed and (unit := office(signed[1])):
        return unit
    found = [(at.start(1), at[1]) for told in _TOLD for at in told.finditer(plain[:OPENING])]
    return next((unit for _, span in sorted(found) if (unit := office(span))), "")


def office(span: str) -> str:
    """The unit whose office is named first in ``span``; a part of a larger office wins over the whole."""
    found = [(at.start(), unit) for words, unit in OFFICES if (at := re.search(words, span))]
    special = [unit for _, unit in found if unit in ("traffic-police", "lamps", "sanitation")]
    if special and "、" not in span:
        return special[0]
    return min(found, key=lambda f: f[0])[1] if found else ""
