"""Who pays for what: subscription items, prices, discounts, statements and credit."""

from __future__ import annotations

import pytest

from clerk_sandbox.examples import resolved
from clerk_sandbox.sandbox import Sandbox
from clerk_tools.spec import Demo
from tests.sandbox.clerk import Clerk
from tests.sandbox.clock import Clock

pytestmark = pytest.mark.anyio

DAY_S = 24 * 3600
DEMO = Sandbox().instance
GROWTH = resolved(DEMO, Demo("an organization's subscription item"))
TRIAL = resolved(DEMO, Demo("a free trial"))
GARDENS = {"organization_id": resolved(DEMO, Demo("Mossbrook Gardens"))}
CHEAPER = resolved(DEMO, Demo("a cheaper price"))
PRICE = resolved(DEMO, Demo("the price that it pays"))
CARLOS = {"user_id": resolved(DEMO, Demo("carlos"))}


@pytest.fixture
def clerk(clock: Clock) -> Clerk:
    return Clerk(Sandbox(clock=clock))


async def plans_of(clerk: Clerk) -> list[tuple[str, str]]:
    """The plans of the demo's largest customer, each with how it stands."""
    subscription = await clerk.call("GetOrganizationBillingSubscription", **GARDENS)
    return [(item["plan"]["name"], item["status"]) for item in subscription["subscription_items"]]


async def test_a_cancelled_item_runs_to_the_end_of_its_period_and_then_ends(
    clerk: Clerk, clock: Clock
) -> None:
    item = await clerk.call("CancelCommerceSubscriptionItem", subscription_item_id=GROWTH)
    assert (item["status"], item["next_payment"]) == ("canceled", None)
    assert await plans_of(clerk) == [("Growth", "canceled")]
    clock.advance_s(40 * DAY_S)
    ended = await clerk.call("GetCommerceSubscriptionItemList", status="active", query=GROWTH)
    assert ended["data"] == []
    assert ("Growth", "canceled") not in await plans_of(clerk)


async def test_an_item_cancelled_at_once_leaves_the_payer_on_the_free_plan(clerk: Clerk) -> None:
    item = await clerk.call("CancelCommerceSubscriptionItem", subscription_item_id=GROWTH, end_now=True)
    assert item["status"] == "ended"
    assert item["ended_at"] is not None
    assert await plans_of(clerk) == [("Team", "active")]
    again = await clerk.error("CancelCommerceSubscriptionItem", subscription_item_id=GROWTH)
    assert again[0] == 422


async def test_a_cheaper_price_waits_for_the_end_of_the_period(clerk: Clerk, clock: Clock) -> None:
    given = {"subscription_item_id": GROWTH, "from_price_id": PRICE, "to_price_id": CHEAPER}
    changed = await clerk.call("CreateBillingPriceTransition", **given)
    assert changed["transition"]["effective_mode"] == "end_of_period"
    assert not changed["transition"]["charged_immediately"]
    assert await plans_of(clerk) == [("Starter", "upcoming"), ("Growth", "canceled")]
    clock.advance_s(31 * DAY_S)
    assert await plans_of(clerk) == [("Starter", "active")]
    assert await clerk.error("CreateBillingPriceTransition", **given) == (
        422,
        "form_param_value_invalid",
        "subscription_item_id",
    )


async def test_a_dearer_price_is_charged_at_once(clerk: Clerk) -> None:
    (starter,) = (await clerk.call("GetCommerceSubscriptionItemList", status="past_due"))["data"]
    price = await clerk.call("CreateBillingPrice", plan_id=starter["plan_id"], amount=4900)
    changed = await clerk.call(
        "CreateBillingPriceTransition",
        subscription_item_id=starter["id"],
        from_price_id=starter["price_id"],
        to_price_id=price["id"],
    )
    assert changed["transition"]["immediate_charge"]["amount"] == 4900
    assert changed["subscription_item"]["status"] == "active"
    assert changed["transition"]["previous_subscription_item_status"] == "ended"


async def test_only_a_trial_that_runs_is_extended(clerk: Clerk) -> None:
    extend = "ExtendBillingSubscriptionItemFreeTrial"
    item = await clerk.call(extend, subscription_item_id=TRIAL, extend_to="2026-03-01T00:00:00Z")
    assert item["period_end"] == 1_772_323_200_000
    refused = await clerk.error(extend, subscription_item_id=GROWTH, extend_to="2026-03-01T00:00:00Z")
    assert refused[2] == "subscription_item_id"
    past = await clerk.error(extend, subscription_item_id=TRIAL, extend_to="2025-03-01T00:00:00Z")
    assert past[2] == "extend_to"


async def test_another_discount_takes_the_place_of_the_first_and_the_same_is_a_conflict(clerk: Clerk) -> None:
    apply = "ApplyBillingSubscriptionItemDiscount"
    spring, charity = (one["id"] for one in list(DEMO.table("commerce_discounts"))[::-1])
    await clerk.call(apply, subscription_item_id=GROWTH, discount_id=spring)
    assert (await clerk.error(apply, subscription_item_id=GROWTH, discount_id=spring))[0] == 409
    await clerk.call(apply, subscription_item_id=GROWTH, discount_id=charity)
    subscription = await clerk.call("GetOrganizationBillingSubscription", **GARDENS)
    assert subscription["next_payment"]["amount"]["amount"] == 4950
    remove = "RemoveBillingSubscriptionItemDiscount"
    assert (await clerk.error(remove, subscription_item_id=GROWTH, discount_id=spring))[0] == 404
    assert (await clerk.call(remove, subscription_item_id=GROWTH, discount_id=charity))["status"] == "removed"


async def test_credit_moves_once_for_each_key_and_never_below_nothing(clerk: Clerk) -> None:
    adjust = "AdjustUserBillingCreditBalance"
    raised = {**CARLOS, "amount": 500, "action": "increase", "idempotency_key": "a"}
    first = await clerk.call(adjust, **raised)
    assert await clerk.call(adjust, **raised) == first
    balance = await clerk.call("GetUserBillingCreditBalance", **CARLOS)
    assert balance["balance"]["amount"] == 500
    lowered = {**CARLOS, "amount": 501, "action": "decrease", "idempotency_key": "b"}
    assert (await clerk.error(adjust, **lowered))[2] == "amount"


async def test_a_failed_payment_shows_on_its_statement(clerk: Clerk) -> None:
    (newest,) = (await clerk.call("GetBillingStatementList", limit=1))["data"]
    attempts = await clerk.call("GetBillingStatementPaymentAttempts", statement_id=newest["id"])
    assert newest["status"] == "open"
    assert [one["status"] for one in attempts["data"]] == ["failed", "failed"]


async def test_free_plans_are_listed_only_where_they_are_asked_for(clerk: Clerk) -> None:
    async def count(**given: object) -> int:
        return int((await clerk.call("GetCommerceSubscriptionItemList", **given))["total_count"])

    assert (await count(), await count(include_free=True), await count(status="free_trial")) == (4, 6, 1)
    assert await count(payer_type="org", query="alder") == 1
