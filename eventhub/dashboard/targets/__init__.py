"""The pages of targets: how each fares, why, and what can be done about it.

``listing``     ``/targets``: every target that the reader may see, filtered, sorted and searched
``page``        ``/targets/{id}``: one target; ``…/now`` and ``…/lately`` are the parts of it that change
``acting``      what is done to a target from its page: held, resumed, probed, tested, its limits changed
``standing``    whether its deliveries flow, in one word, since when and why
``figures``     what targets did lately, out of the rollups; ``rates``, what comes and goes
``heat``        how long attempts took, minute by minute and in all (pure)
``errors``      failed attempts by class
``drain``       when what waits will be gone (pure)
``attempts``    the latest attempts, narrowed by what the charts were asked for
``limits_form`` its concurrency, its rate and its circuit, judged by the model
``visible``     which targets somebody may see, and may change

A target may serve rules of several buses. Who sees only some of them is told of the attempts there: figures
that the rollups keep of a target as a whole (latencies, errors) are then made of these attempts instead.
"""
