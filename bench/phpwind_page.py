"""A phpwind 8.7 thread page of true size (about 150 KB in GBK), made for the benchmark."""

from __future__ import annotations

from datetime import timedelta

from bench.forum import BODIES, START

POSTS = 22  # on a page of the benchmark; 10 as the software is delivered

# The card, figures and buttons beside and below every floor, which say nothing of what was written. About 6 KB.
_CARD = "".join(
    f'<dl class="cc"><dt class="fl"><div class="cc"><a href="u.php?uid={n}" class="face_img"><img class="pic" '
    f'src="images/face/none{n}.gif" border="0" /></a></div><p>UID：{n}</p></dt><dd class="ddA"><ul class="cc half">'
    f"<li><span>注册时间</span>2020-01-0{n + 1}</li><li><span>最后登录</span>2026-11-2{n}</li></ul></dd></dl>"
    for n in range(9)
)
_BUTTONS = "".join(
    f'<div class="readbot_{n}"><a href="job.php?action=do{n}" onclick="return sendurl(this,4);" class="s{n} mr5" '
    f'title="操作{n}"><img src="images/wind/read/b{n}.gif" align="absmiddle" />操作{n}</a></div>'
    for n in range(14)
)


def phpwind_page(number: int, posts: int = POSTS) -> bytes:
    """One page of thread ``number`` with ``posts`` floors, as bytes in GBK."""
    title = f"第 {number} 处路灯坏了"
    floors = "".join(_floor(number * 100 + i, i) for i in range(posts))
    crumbs = f'<a href="thread.php?fid=2">民声</a> &raquo; <a href="read.php?tid={number}">{title}</a>'
    page = (
        f'<!DOCTYPE html><html><head><meta charset="gbk"><title>{title} - Powered by phpwind</title>'
        f'<meta name="generator" content="phpwind 8.7"></head><body><div id="breadCrumb" class="cc">{crumbs}</div>'
        f'<div class="pages cc"><b>1</b><a href="read.php?tid={number}&amp;page=2">2</a></div><form name="delatc">'
        f'<input type="hidden" name="tid" id="tid" value="{number}" /><h1 id="subject_tpc" class="read_h1">{title} '
        f'<a href="javascript:;" class="gray w">[复制链接]</a></h1>{floors}</form></body></html>'
    )
    return page.encode("gbk")


def _floor(pid: int, index: int) -> str:
    at = START - timedelta(hours=1) + timedelta(minutes=index)
    own, lou = ("tpc", "楼主") if index == 0 else (str(pid), f"{index}楼")
    return (
        f'<table width="100%" class="flootbg"><tr><td></td></tr></table><div class="read_t" id="readfloor_{own}"><table '
        f'width="100%" class="floot"><tr><td rowspan="2" class="floot_left"><div class="readName b"><a href="u.php?uid={pid}">'
        f'市民{pid}</a></div><div class="floot_leftdiv"><div class="readFace"><div class="fl"><div class="card" '
        f'style="display:none" id="readFace_{index}">{_CARD}</div></div></div></div></td><td class="floot_right" id="td_{own}">'
        f'<a name="post_{own}"></a><div class="tipTop s6"><span class="fr"><a href="javascript:;" class="mr5 s6">只看该作者</a>'
        f'</span><a class="s2 b cp" onclick="copyFloorUrl(\'{own}\')">{lou}</a>&nbsp;<span title="{at:%Y-%m-%d %H:%M:%S}">'
        f'发表于: {at:%m-%d}</span></div><div class="read_h1" id="subject_{own}"></div><div id="p_{own}"></div>'
        f'<div class="tpc_content"><div class="f14 mb10" id="read_{own}">{BODIES[index % len(BODIES)]}</div></div></td></tr>'
        f'<tr><td class="floot_bottom">{_BUTTONS}</td></tr></table></div>'
    )
