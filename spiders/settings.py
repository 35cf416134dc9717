"""Scrapy's settings: a good neighbour by default; ``liandong`` overrides pace and identity from liandong.toml."""

SPIDER_LOADER_CLASS = "spiders.loader.BoardLoader"
ITEM_PIPELINES = {"spiders.pipeline.StorePipeline": 300}
FEED_EXPORT_FIELDS = ["post", "replies"]  # pages as received stay in the store
FEED_EXPORT_ENCODING = "utf-8"

USER_AGENT = "Liandong/0.1 (public service; reads public threads only)"
ROBOTSTXT_OBEY = True
DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "spiders.robots.RememberedRobots": 100,
}
ROBOTSTXT_USER_AGENT = "Liandong"
AUTOTHROTTLE_ENABLED = True
AUTOTHROTTLE_START_DELAY = 1.0
DOWNLOAD_DELAY = 1.0
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_TIMEOUT = 20
DOWNLOAD_MAXSIZE = 8 * 1024 * 1024
DOWNLOAD_WARNSIZE = 0
RETRY_TIMES = 1
REDIRECT_MAX_TIMES = 5
METAREFRESH_ENABLED = False  # a page may send its readers anywhere; we stay on the board's own hosts

# A thread is one item written in one transaction; Scrapy would start a hundred tasks for each answer.
CONCURRENT_ITEMS = 2
WARN_ON_GENERATOR_RETURN_VALUE = False  # reads a callback's source at every answer

COOKIES_ENABLED = False
REFERER_ENABLED = False
TELNETCONSOLE_ENABLED = False
EXTENSIONS = {
    "scrapy.extensions.logstats.LogStats": None,
    "scrapy.extensions.memusage.MemoryUsage": None,
    "scrapy.extensions.corestats.CoreStats": None,
}
STATS_DUMP = False
LOG_LEVEL = "INFO"
