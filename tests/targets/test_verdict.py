import pytest

from eventhub.domain.fault import ReasonClass
from eventhub.targets.verdict import Decision, Fault, of_fault, of_status


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_success_is_a_delivery(status: int):
    assert of_status(status).decision is Decision.DELIVERED
    assert of_status(status).fault is None


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_what_may_pass_is_tried_again(status: int):
    verdict = of_status(status, "Because")

    assert (verdict.decision, verdict.fault) == (Decision.RETRY, ReasonClass.RECEIVER)
    assert verdict.reason == f"receiver answered {status} Because"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 413, 415, 422])
def test_what_will_not_pass_is_given_up(status: int):
    assert of_status(status).decision is Decision.GIVE_UP
    assert of_status(status).fault is ReasonClass.RECEIVER
    assert of_status(status).gone is (status == 410)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_given_up_and_names_where_it_led(status: int):
    verdict = of_status(status, "Found", "http://elsewhere/")

    assert verdict.decision is Decision.GIVE_UP
    assert (
        verdict.reason == f"receiver answered {status} Found: redirects to http://elsewhere/ are not followed"
    )


@pytest.mark.parametrize("fault", [Fault.DNS, Fault.CONNECT, Fault.TLS, Fault.TIMEOUT, Fault.BROKEN])
def test_what_the_network_does_is_tried_again(fault: Fault):
    verdict = of_fault(fault, "what happened")

    assert (verdict.decision, verdict.fault) == (Decision.RETRY, ReasonClass.NETWORK)
    assert verdict.reason == "what happened"


@pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.INVALID])
def test_what_our_own_configuration_does_is_given_up_and_ours(fault: Fault):
    verdict = of_fault(fault, "what happened")

    assert (verdict.decision, verdict.fault) == (Decision.GIVE_UP, ReasonClass.OURS)
