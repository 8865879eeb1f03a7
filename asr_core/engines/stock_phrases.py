"""What subtitles end with, and a decoder trained on subtitles invents where nobody speaks.

Patterns over text in lower case: words of other scripts one space apart, Chinese characters
without spaces, no punctuation.
"""

# Anywhere in a passage.
CREDITS = (
    r"(?:thanks|thank you)(?: so much| very much)? for (?:watching|viewing|listening)"
    r"(?: (?:this|the|my|our) video)?",
    r"(?:please )?(?:do not forget to |don t forget to |dont forget to )?"
    r"(?:like and |comment and |like comment and )?subscribe(?: to (?:my|our|the|this) channel)?",
    r"(?:i ll |we ll |i will )?see you (?:in the |in my )?next (?:video|episode)",
    r"(?:english )?(?:subtitles?|(?:closed )?captions?|transcri(?:bed|ption)|translat(?:ed|ion))"
    r"(?: (?:made|created|provided|edited))? by(?: [a-z\d]+){1,6}",
    r"(?:the )?amara org community",
    r"(?:all rights reserved|copyright (?:\d{4}|[a-z]+)(?: [a-z]+){0,4})",
    r"(?:由 ?)?amara ?org ?社[区群](?:提供)?(?:的字幕)?",
    r"(?:请)?(?:大家)?(?:不吝)?点赞 ?订阅 ?(?:转发)? ?(?:打赏)?(?:支持)?(?:明镜与点点(?:栏目)?)?",
    r"(?:明镜)?需要您的支持欢迎订阅明镜",
    r"欢迎(?:订阅|关注)(?:我们?的|明镜|本)?频道",
    r"(?:中文)?字幕(?:由 ?.{1,16}?(?:提供|制作)|(?:志愿者|组|制作|校对|翻译)(?: ?[^ ]{1,6})?$)",
    r"(?:谢谢|感谢|多谢)(?:大家|您|你|你们|各位)?(?:的)?(?:观看|收看|收听|聆听|观赏)",
    r"(?:我们)?(?:下期|下集|下个)(?:节目|视频|影片)?(?:再见|再会)",
    r"(?:作词|作曲|编曲|词曲|演唱)(?: ?(?:作词|作曲|编曲|词曲|演唱))* ?李宗盛",
    r"优优独播剧场.{0,24}",
    r"by 索兰娅",
)

# Only where they are all that a passage says.
REMARKS = (
    r"(?:thank you|thanks)(?: (?:so|very) much)?(?: (?:thank you|thanks)(?: (?:so|very) much)?)*",
    r"you",
    r"(?:bye ?)+",
    r"(?:the )?end",
    r"(?:谢谢(?:大家|你|您)?)+",
    r"(?:拜拜)+",
    r"(?:再见)+",
    r"(?:未完待续|完)",
)
