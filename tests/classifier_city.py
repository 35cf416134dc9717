"""A small city and a handful of written messages for the classifier's tests."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache

from classifier.model import Model, train
from classifier.samples import Sample
from data.records import Post
from data.reference import Category, District, Place, Reference, Rule, Unit

NOW = datetime(2012, 6, 1, 2, 0, tzinfo=UTC)

UNITS = [
    {
        "slug": "water",
        "name": "市水务集团",
        "aliases": "自来水公司",
        "sort": "company",
        "duties": "停水|水管|水压",
        "categories": "urban/water",
    },
    {
        "slug": "power",
        "name": "供电公司",
        "aliases": "电业局",
        "sort": "company",
        "duties": "停电|电压|变压器",
        "categories": "urban/power",
    },
    {
        "slug": "schools",
        "name": "市教育局",
        "sort": "bureau",
        "duties": "学校|补课|老师",
        "categories": "education|education/tutoring",
    },
    {
        "slug": "health-old",
        "name": "市卫生局",
        "sort": "bureau",
        "duties": "医院|看病",
        "categories": "health",
        "valid_to": date(2014, 12, 31),
        "successor": "health-new",
    },
    {
        "slug": "health-new",
        "name": "市卫计委",
        "sort": "bureau",
        "categories": "health",
        "valid_from": date(2015, 1, 1),
    },
    {"slug": "gov-north", "name": "北县人民政府", "sort": "county", "jurisdiction": "north"},
    {"slug": "gov-east", "name": "东区人民政府", "aliases": "东区", "sort": "county", "jurisdiction": "east"},
]
CATEGORIES = [
    ("urban", "城乡建设", "小区|市政"),
    ("urban/water", "供水", "停水|没水|水管|水压|自来水|水表"),
    ("urban/power", "供电", "停电|没电|电压|变压器|跳闸|电表"),
    ("education", "教育文体", "学校|学生"),
    ("education/tutoring", "补课", "补课|老师|家长|作业|收费"),
    ("health", "卫生计生", "医院|看病"),
    ("health/hospital", "医院", "医院|医生|看病|挂号|住院|护士"),
]
RULES = [
    {"name": "火灾", "words": ["着火了", "大火"], "urgency": "emergency", "ring": "119"},
    {"name": "即办：供水", "categories": ["urban/water"], "words": ["停水", "没水"], "urgency": "immediate"},
    {"name": "咨询", "kinds": ["咨询"], "urgency": "days", "days": 1},
    {"name": "其余", "urgency": "days", "days": 5},
]


@cache
def city() -> Reference:
    """Two bureaus, two companies, a county and a district, a bureau that was renamed in 2015."""
    return Reference(
        boards=(),
        accounts=(),
        units=tuple(Unit.model_validate(u) for u in UNITS),
        categories=tuple(Category(slug=s, name=n, words=w) for s, n, w in CATEGORIES),  # type: ignore[arg-type]
        districts=(
            District(slug="north", name="北县", sort="county", unit="gov-north"),
            District(slug="east", name="东区", sort="district", unit="gov-east"),
        ),
        places=(
            Place(name="柳林路", sort="road", district="east"),
            Place(name="青石镇", sort="town", district="north"),
            Place(name="高新", sort="landmark", district="east"),
        ),
        rules=tuple(Rule.model_validate(r) for r in RULES),
    ).check()


OPENINGS = ("我们小区", "幸福家园", "三号院", "东边这一片", "我家楼上", "这几天")
MATTERS = {
    ("urban/water", "water"): ("停水了一天没水用", "水管漏水没人修", "自来水水压太小上不来"),
    ("urban/power", "power"): ("停电了一晚上", "电压不稳灯一直闪", "变压器老是跳闸没电"),
    ("education/tutoring", "schools"): ("学校老师周末补课收费", "老师让学生去他家补课", "作业太多家长有意见"),
    ("health/hospital", "health-old"): ("医院看病挂号排队太长", "医生护士态度差", "住院费用医院不给清单"),
}
KINDS = {"投诉": "投诉，请严查", "求助": "求助，谁来管管", "咨询": "请问这个怎么办理", "建议": "建议改进一下"}
CHATTER = (
    "今天天气真好出去玩",
    "晒晒我家的小猫",
    "周末聚会谁来",
    "转让二手自行车一辆",
    "牡丹开了真漂亮",
    "球赛真精彩大家看了吗",
)


@cache
def samples() -> tuple[Sample, ...]:
    """Every opening with every matter, in turn with the kinds; and chatter."""
    kinds = list(KINDS.items())
    asked = [
        Sample(f"{opening}{matter}，{kinds[(i + j) % 4][1]}", category, kinds[(i + j) % 4][0], unit)
        for i, opening in enumerate(OPENINGS)
        for (category, unit), matters in MATTERS.items()
        for j, matter in enumerate(matters)
    ]
    return (*asked, *(Sample(f"{c}，{o}", is_request=False) for c in CHATTER for o in OPENINGS))


@cache
def model() -> Model:
    return train(samples())


def post(title: str, body: str = "", at: datetime = NOW, thread: str = "1") -> Post:
    return Post("lyw", thread, "2", "", title, "网友", at, body)
