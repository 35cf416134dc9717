"""Words and pairs of words of a post, so that what has no category yet can be seen to rise: 食盐 had none before the panic."""

from __future__ import annotations

from classifier.tokens import cutter, normal

OPENING = 120  # characters of the body that are read: a post says early what it is about
LONGEST = 8  # characters of a phrase
MOST = 40  # phrases of one post

# What every post may say. Rises of these would say nothing, for they rise with the city.
EMPTY = frozenset(
    [
        "我们",
        "你们",
        "他们",
        "大家",
        "自己",
        "领导",
        "您好",
        "你好",
        "尊敬",
        "请问",
        "问题",
        "什么",
        "怎么",
        "怎么办",
        "为什么",
        "如何",
        "可以",
        "能否",
        "不能",
        "没有",
        "现在",
        "已经",
        "还是",
        "就是",
        "但是",
        "因为",
        "所以",
        "如果",
        "而且",
        "之后",
        "以后",
        "目前",
        "今天",
        "昨天",
        "部门",
        "有关",
        "相关",
        "反映",
        "情况",
        "进行",
        "谢谢",
        "本人",
        "咨询",
        "建议",
        "投诉",
        "举报",
        "求助",
        "请求",
        "希望",
        "一个",
        "一下",
        "一些",
        "一直",
        "这个",
        "这样",
        "那个",
        "时间",
        "是否",
        "有没有",
        "知道",
        "市民",
        "居民",
        "群众",
        "政府",
        "书记",
        "市长",
        "关于",
        "严重",
        "解决",
        "附近",
        "小区",
        "晚上",
        "多次",
        "洛阳",
        "洛阳市",
        "请求解决",
        "公司",
        "单位",
        "电话",
        "一条",
        "一天",
        "几天",
        "很多",
        "非常",
        "不是",
        "不会",
        "出现",
        "存在",
        "影响",
        "生活",
        "部分",
        "旁边",
        "门口",
        "位于",
        "开始",
        "造成",
    ]
)


def phrases(title: str, body: str) -> tuple[str, ...]:
    """Distinct words of two characters or more, and neighbouring words together, in their order."""
    words = cutter()(normal(f"{title}。{body[:OPENING]}"))
    found: dict[str, None] = {}
    for i, word in enumerate(words):
        if not _tells(word):
            continue
        found.setdefault(word)
        following = words[i + 1] if i + 1 < len(words) else ""
        pair = word + following
        if len(following) > 1 and len(pair) <= LONGEST and _tells(following):
            found.setdefault(pair)
    return tuple(found)[:MOST]


def may_say(title: str, body: str, phrase: str) -> bool:
    """Could ``phrase`` be one of ``phrases``? Most texts do not hold it, and need not be cut to tell."""
    return phrase in normal(f"{title}。{body[:OPENING]}")


def _tells(word: str) -> bool:
    return 2 <= len(word) <= LONGEST and word not in EMPTY and all("一" <= c <= "鿿" for c in word)
