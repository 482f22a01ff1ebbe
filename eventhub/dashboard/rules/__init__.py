"""The pages of rules: the list, the page of one, and making one.

    listing   /rules: what every rule does, with figures of the last hour and day
    page      /rules/{id}: its figures, editor, targets, schedule and versions; saves what was edited
    making    /rules/new: empty, from a ready pattern, or from the fields of an event
    trial     what a draft would do: its faults, what saving would change, and the backtest over stored events
    form      a draft out of a form, whichever page it was on, and the form of a rule
    versions  the history with what each version changed, and rolling back to one
    figures   what rules did lately, out of the rollups

Every form works without JavaScript: *Check* renders the page anew with the trial beside it. With it
``static/js/rule.js`` asks for the trial alone, shortly after each change, and puts it in the same place.

Whoever may read rules on a bus sees all of it; a trial reads events too; only who may change rules there
finds buttons that change something, and the flow asks the models, as REST and the admin do.
"""
