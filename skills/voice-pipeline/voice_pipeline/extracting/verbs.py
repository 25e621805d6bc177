"""Verbs of what people are asked to do, in the form of a request."""

VERBS = frozenset(
    """accept add address adjust agree align analyse analyze announce answer apply approve arrange ask assign attend
    back backup block book bring build buy calculate call cancel change charge chase check circulate clean clear close
    collect come compare compile complete configure confirm connect contact copy coordinate create cut debug decide
    delete deliver deploy describe design develop discuss distribute document download draft drop edit email enable
    ensure enter escalate estimate evaluate examine execute expand explain extend feed figure file fill finalise
    finalize find finish fix follow forward gather generate get give go grab hand handle have help hire hold identify
    implement improve include inform install integrate interview investigate invite invoice join keep launch lead
    learn leave let list look mail make measure meet merge message migrate monitor move negotiate note notify offer
    open optimise optimize order organise organize outline pack pay phone pick ping plan post prepare present print
    prioritise prioritize process propose provide publish pull purchase push put raise read rebuild record redesign
    reduce refactor register release remember remind remove rename renew repair replace reply report request
    reschedule research reserve reset resolve respond restart restore return review revise rewrite ring roll rotate
    run save scan schedule search secure see select sell send set setup share ship show sign sort speak start stop
    store submit summarise summarize support swap switch sync take talk tell test text think tidy touch track train
    transfer translate try turn understand update upgrade upload use validate verify visit wait walk wash water work
    wrap write""".split()
)
