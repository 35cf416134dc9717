"""A forum's pages of true size made for the benchmarks, and a server of them in a process of its own."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ROWS, POSTS = 50, 10  # on a page, as a forum is delivered
START = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)

# What stands around every post of a real page and says nothing of it: profile, medals, buttons, menus. About 5 KB.
SIDE = "".join(
    f'<dl class="pil cl"><dt>等级{n}</dt><dd><a href="home.php?mod=space&amp;uid={n}&amp;do=profile" target="_blank" '
    f'class="xi2" onclick="showWindow(\'u{n}\', this.href)">{n}</a>&nbsp;</dd></dl><p class="md_ctrl"><a href="#"><img '
    f'src="static/image/common/medal{n}.gif" alt="勋章{n}" title="" id="md_{n}" onmouseover="showMenu({{}})"></a></p>'
    for n in range(9)
)
FOOT = "".join(
    f'<a href="forum.php?mod=misc&amp;action=do{n}" id="k_{n}" onclick="ajaxmenu(this, 3000);return false;" class="b{n}">'
    f'<i><img src="static/image/common/b{n}.gif" alt="操作{n}">操作{n}</i></a><span class="pipe">|</span>'
    for n in range(8)
)
BODIES = (
    "纱厂南路的路灯坏了三盏，晚上出来走路看不见，<br>\n希望有关部门派人看一看，联系过物业没有人管。",
    "同感，我们那边也是。",
    '<div class="quote"><blockquote><font size="2"><font color="#999999">老李 发表于 2026-11-22 08:00</font></font><br>\n'
    "原来的话</blockquote></div><br>\n说得对，支持一下。",
    "网友您好，您反映的问题已经转交有关单位，<br>\n<br>\n请耐心等待。<br>\n2026年11月23日",
    '见图 <img id="aimg_1" file="data/attachment/1.jpg" class="zoom" width="600"><br>\n昨天拍的。',
    "<strong>强烈要求</strong>尽快修好",
    "顶",
    "楼主辛苦，已经打过热线了，说三天以内来修，到今天还没有来。",
    "谢谢关心！",
    "我也去看过，确实坏了，请路灯管理处的同志看一看这个帖子。",
)


def thread_page(number: int, posts: int = POSTS) -> str:
    """A Discuz! thread of ``posts`` posts on one page, about 60 KB."""
    title = f"第 {number} 处路灯坏了"
    floors = "".join(_floor(number * 100 + i, number, i) for i in range(posts))
    crumbs = f'<div id="pt"><a href="forum.php?mod=forumdisplay&amp;fid=2">民声</a><a href="forum.php?mod=viewthread&amp;tid={number}">{title}</a></div>'
    head = f'<table><tr><td class="plc"><h1 class="ts"><a href="#">[投诉]</a><span id="thread_subject">{title}</span></h1></td></tr></table>'
    return _document(title, f'{crumbs}<div id="postlist" class="pl bm">{head}{floors}</div>')


def _floor(pid: int, thread: int, index: int) -> str:
    at = START - timedelta(hours=1) + timedelta(minutes=index)
    link = f"forum.php?mod=redirect&amp;goto=findpost&amp;ptid={thread}&amp;pid={pid}"
    return (
        f'<div id="post_{pid}"><table id="pid{pid}" class="plhin" summary="pid{pid}"><tr><td class="pls" rowspan="2">'
        f'<div id="favatar{pid}" class="pls favatar"><div class="pi"><div class="authi"><a href="space-uid-{pid}.html" class="xw1">市民{pid}</a></div></div>{SIDE}</div></td>'
        f'<td class="plc"><div class="pi"><strong><a href="{link}" id="postnum{pid}"><em>{index + 1}</em><sup>#</sup></a></strong>'
        f'<div class="pti"><div class="authi"><em id="authorposton{pid}">发表于 {at:%Y-%m-%d %H:%M:%S}</em></div></div></div>'
        f'<div class="pct"><div class="pcb"><div class="t_fsz"><table><tr><td class="t_f" id="postmessage_{pid}">\n{BODIES[index % len(BODIES)]}</td></tr></table></div>'
        f'<div id="comment_{pid}" class="cm"></div></div></div></td></tr><tr><td class="plc plm"><div class="po hin">{FOOT}</div></td></tr></table></div>'
    )


def list_page(number: int, threads: int) -> str:
    """A page of the section's list, last post first."""
    pages = -(-threads // ROWS)
    rows = "".join(map(_row, range((number - 1) * ROWS + 1, min(number * ROWS, threads) + 1)))
    link = f'<a href="forum.php?mod=forumdisplay&amp;fid=2&amp;page={number + 1}" class="nxt">下一页</a>'
    pager = f'<div class="pg"><strong>{number}</strong>{link if number < pages else ""}</div>'
    return _document("民声", f'{pager}<div id="threadlist"><table id="threadlisttableid">{rows}</table></div>')


def _row(thread: int) -> str:
    at, link = START - timedelta(seconds=thread), f"forum.php?mod=viewthread&amp;tid={thread}"
    return (
        f'<tbody id="normalthread_{thread}"><tr><td class="icn"></td><th><a href="{link}" class="s xst">第 {thread} 处路灯坏了</a></th>'
        f'<td class="by"><cite><a href="#">市民</a></cite><em><span>{at:%Y-%m-%d}</span></em></td><td class="num"><a href="{link}" class="xi2">{POSTS - 1}</a><em>9</em></td>'
        f'<td class="by"><cite><a href="#">市民</a></cite><em><a href="#">{at:%Y-%m-%d %H:%M}</a></em></td></tr></tbody>'
    )


def _document(title: str, body: str) -> str:
    head = f'<meta charset="utf-8"><title>{title} - Powered by Discuz!</title><meta name="generator" content="Discuz! X3.5">'
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>"


@contextmanager
def serving(threads: int, pause: float = 0) -> Iterator[str]:
    """The address of a forum of ``threads`` threads that takes ``pause`` seconds to answer."""
    command = [sys.executable, "-m", "bench.forum", str(threads), str(pause)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def _serve(threads: int, pause: float) -> None:
    template = thread_page(987_654_321)  # its number is put in afterwards, so that the server is not what is measured

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self) -> None:
            page, tid = re.search(r"[?&]page=(\d+)", self.path), re.search(r"[?&]tid=(\d+)", self.path)
            if tid:
                text = template.replace("987654321", tid[1])
            elif "robots.txt" in self.path:
                text = ""
            else:
                text = list_page(int(page[1]) if page else 1, threads)
            time.sleep(pause)
            body = text.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(f"http://127.0.0.1:{server.server_address[1]}/", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    _serve(int(sys.argv[1]), float(sys.argv[2]))
