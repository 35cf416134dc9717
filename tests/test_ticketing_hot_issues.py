"""Matters many people write about are found by their names, and posts of one matter stand beside each other."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from data.city import City
from data.records import Thread
from tests.build import HOUR, POSTED, post, read, save_ticket
from ticketing.hot_issues import hot_issues
from ticketing.similar import Index, similar

SUBJECTS = (
    "楼下烧烤摊油烟大 老人咳嗽睡不着 城管来了又走",
    "公交车半小时不来 站牌没有时刻 上班迟到",
    "路灯整条街不亮 晚上骑车摔跤 担心孩子",
    "物业乱收停车费 没有公示 业主大会开不成",
    "学校旁边网吧 学生逃课 家长着急",
    "自来水发黄 烧开有沉淀 水厂不回话",
    "楼道堆满杂物 消防通道堵死 社区不管",
    "地铁施工夜里打桩 窗户震动 噪音扰民",
)
STREETS = (
    "长安路",
    "武汉路",
    "中州路",
    "九都路",
    "王城大道",
    "关林路",
    "龙门大道",
    "开元大道",
    "太康路",
    "南昌路",
    "西苑路",
    "体育场路",
)
MORE = (
    "收了首付拖着不办手续",
    "家里没有汽车用不着",
    "销售经理态度恶劣",
    "样板房和宣传册两回事",
    "银行贷款批不下来",
    "孩子等着上学落户",
    "打电话给售楼部无人接听",
    "合同里找不到这一条",
    "父母积蓄都投进去了",
    "听说别的楼盘没有这种事",
    "要求书面答复",
    "房价高出备案许多",
    "退休工人工资不高",
    "邻居们签了联名信",
    "上个月来过记者",
    "台账上写着已经整改",
    "雨天尤其难走",
    "摄像头是坏的",
    "值班人员说不归他管",
    "材料交了三遍",
    "窗口排队两小时",
    "热线让我等通知",
    "老母亲腿脚不便",
    "商铺开到凌晨",
    "围挡占了半边路",
    "树根拱起了地砖",
)
START = datetime(2011, 1, 1)


def a_year(seed: int = 4) -> tuple[list[str], list[str], list[datetime]]:
    """Two hundred and forty messages about anything, through the year."""
    chance = random.Random(seed)
    titles, texts, times = [], [], []
    for _ in range(240):
        about = chance.choice(SUBJECTS).split()
        chance.shuffle(about)
        titles.append(f"{chance.choice(STREETS)}{about[0]}")
        texts.append("，".join([*about, *chance.sample(MORE, 5)]))
        times.append(START + timedelta(days=chance.random() * 365))
    return titles, texts, times


def with_a_matter(names: list[str], day: int) -> tuple[list[str], list[str], list[datetime], set[int]]:
    """The same, and a flat that is sold only with a parking space, written about for three weeks."""
    titles, texts, times = a_year()
    chance, members = random.Random(9), set()
    ends = ("要求退款", "不签合同", "取消资格", "没人管", "合法吗", "请领导过问", "太霸道", "业主愤怒")
    for name in names:
        members.add(len(titles))
        titles.append(f"{name}买房必须买车位{chance.choice(ends)}")
        others = "，".join(chance.sample(MORE, 5))
        texts.append(f"{name}开发商捆绑车位，{chance.choice(ends)}，{others}")
        times.append(START + timedelta(days=day + chance.random() * 21))
    return titles, texts, times, members


def test_a_matter_is_found_with_its_messages_dates_and_words() -> None:
    titles, texts, times, members = with_a_matter(["云锦轩东苑"] * 14, 120)
    issue = hot_issues(titles, texts, times)[0]
    assert "云锦" in issue.description
    assert len(members & set(issue.members)) >= 13
    assert len(set(issue.members) - members) <= 1
    assert START + timedelta(days=119) < issue.first < issue.last < START + timedelta(days=142)
    assert "车位" in issue.description


def test_a_miswritten_name_belongs_to_the_matter() -> None:
    titles, texts, times, members = with_a_matter(["云锦轩东苑"] * 13 + ["云锦轩·东苑", "云锦轩东院", "东苑云锦轩"], 60)
    issue = hot_issues(titles, texts, times)[0]
    assert len(members & set(issue.members)) == len(members)


def test_the_trouble_of_every_week_is_no_matter() -> None:
    assert hot_issues(*a_year()) == []


def test_one_message_sent_twenty_times_is_no_matter() -> None:
    titles, texts, times = a_year()
    for i in range(20):
        titles.append("金谷园养老院收费")
        texts.append("金谷园养老院收了押金不退，请查一查账目。")
        times.append(START + timedelta(days=100 + i))
    assert hot_issues(titles, texts, times) == []


def test_few_messages_or_none_are_no_matter() -> None:
    assert hot_issues([], [], []) == []
    assert hot_issues(["停水"] * 3, ["三天没水"] * 3, [START] * 3) == []


def test_what_everybody_writes_is_not_alike_and_a_name_is() -> None:
    index = Index()
    for i, street in enumerate(STREETS * 20):
        index.add(f"lyw/{i}", f"{street}第{i}件事", f"{random.Random(i).choice(SUBJECTS)}，{i}", START)
    index.add("lyw/a", "明珠苑地下车库进水", "明珠苑车库进水，水泵不转，车都泡了", START)
    index.add("lyw/b", "明珠苑车库泡水没人来", "下雨以后明珠苑车库进水，水泵坏了", START)
    assert [key for key, _ in index.like("lyw/a")] == ["lyw/b"]
    assert index.like("lyw/0") == []


def test_what_is_dropped_is_found_no_more() -> None:
    index = Index()
    index.add("lyw/a", "明珠苑地下车库进水", "水泵不转", START)
    index.add("lyw/b", "明珠苑地下车库又进水", "水泵不转", START)
    assert index.like("lyw/a")
    index.drop("lyw/b")
    assert index.like("lyw/a") == []


def test_a_post_is_shown_with_the_one_before_it_and_its_ticket(city: City) -> None:
    first = post(thread="1", title="明珠苑地下车库进水", body="水泵不转，车都泡了")
    again = post(thread="2", title="明珠苑地下车库还在进水", body="水泵不转，没人来", posted_at=POSTED + HOUR)
    with city.store.transaction():
        for one in (first, again):
            city.store.threads.save(Thread(one, ()), read(thread=one.thread, id=0), ())
    save_ticket(city, thread="1", number="20110725-0009")
    [found] = similar(city, again)
    assert (found.key, found.tickets) == ("lyw/1", ("20110725-0009",))
    assert (
        similar(city, post(thread="3", title="公交车不来", body="等了半小时", posted_at=POSTED + 60 * 24 * HOUR)) == []
    )
