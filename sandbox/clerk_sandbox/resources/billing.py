"""Billing: plans and their prices, who pays for which, and what that came to.

Of a subscription item its own facts are kept; plan, payer and sums are put together for each answer. Nothing
is ever charged: the demo's cards are made up. A month has 30 days here, a year 365.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from clerk_sandbox import errors
from clerk_sandbox.answers import data_page, found
from clerk_sandbox.collection import Collection
from clerk_sandbox.demo_instance import DAY_MS, days_ago
from clerk_sandbox.resources.users import moment
from clerk_sandbox.routing import Call, operation
from clerk_sandbox.state import Instance, Json
from clerk_sandbox.user_records import primary

PERIOD_MS: Final = {"month": 30 * DAY_MS, "annual": 365 * DAY_MS}
LONGEST_EXTENSION_MS: Final = 365 * DAY_MS
LEAST_CENTS: Final = 100
SYMBOLS: Final = {"USD": "$", "EUR": "€", "GBP": "£"}

PLANS = Collection(
    "commerce_plan",
    prefix="cplan",
    called="plan",
    fields={
        "name": "",
        "slug": "",
        "description": None,
        "product_id": "",
        "for_payer_type": "user",
        "is_default": False,
        "is_recurring": True,
        "publicly_visible": True,
        "avatar_url": None,
        "features": [],
        "free_trial_enabled": False,
        "free_trial_days": None,
        "unit_prices": [],
    },
)
PRICES = Collection(
    "commerce_price",
    prefix="cprice",
    called="price",
    fields={
        "plan_id": "",
        "currency": "USD",
        "amount": 0,
        "annual_monthly_amount": 0,
        "description": None,
        "is_default": False,
        "supported_billing_periods": "month",
    },
)
PAYERS = Collection(
    "commerce_payer",
    prefix="cpayer",
    called="payer",
    fields={"user_id": None, "organization_id": None, "credit": None},
    hidden=("credit",),
)
SUBSCRIPTIONS = Collection(
    "commerce_subscription", prefix="csub", called="subscription", fields={"payer_id": ""}
)
ITEMS = Collection(
    "commerce_subscription_item",
    prefix="subi",
    called="subscription item",
    fields={
        "payer_id": "",
        "plan_id": "",
        "price_id": "",
        "plan_period": "month",
        "status": "active",
        "is_free_trial": False,
        "period_start": 0,
        "period_end": None,
        "canceled_at": None,
        "past_due_at": None,
        "ended_at": None,
        "paid": 0,
    },
    hidden=("paid",),
)
DISCOUNTS = Collection(
    "commerce_discount",
    prefix="disc",
    called="discount",
    fields={"name": "", "percent_off": 0, "cycles": 0},
)
REDEMPTIONS = Collection(
    "commerce_discount_redemption",
    prefix="discred",
    called="active discount",
    fields={
        "subscription_item_id": "",
        "discount_id": "",
        "name": "",
        "source": "manual",
        "effect": "percentage",
        "percent_off": 0,
        "amount_off": None,
        "cycles_remaining": None,
        "cycles_applied": 0,
        "status": "active",
        "redeemed_at": 0,
        "redeemed_by": None,
    },
)
STATEMENTS = Collection(
    "commerce_statement", prefix="cstmt", called="statement", fields={"payer_id": "", "status": "closed"}
)
PAYMENTS = Collection(
    "commerce_payment",
    prefix="cpay",
    called="payment",
    fields={"statement_id": "", "subscription_item_id": "", "cents": 0, "status": "paid"},
    hidden=("cents",),
)
LEDGER = Collection(
    "commerce_credit_ledger",
    prefix="cledger",
    called="ledger entry",
    fields={"payer_id": "", "cents": 0, "currency": "USD", "note": None, "key": ""},
)


def money(cents: int, currency: str = "USD") -> Json:
    return {
        "amount": cents,
        "amount_formatted": f"{cents / 100:.2f}",
        "currency": currency,
        "currency_symbol": SYMBOLS[currency],
    }


def rfc_3339(moment_ms: int) -> str:
    at = datetime.fromtimestamp(moment_ms / 1000, UTC)
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


# Plans and prices


def plan_answer(instance: Instance, plan: Json) -> Json:
    price = default_price(instance, plan)
    cents, annual = price["amount"], price["annual_monthly_amount"]
    return {
        **PLANS.answer(plan),
        "has_base_fee": cents > 0,
        "fee": money(cents),
        "annual_monthly_fee": money(annual) if annual else None,
        "annual_fee": money(annual * 12) if annual else None,
    }


def default_price(instance: Instance, plan: Json) -> Json:
    return next(
        price for price in PRICES.records(instance) if price["plan_id"] == plan["id"] and price["is_default"]
    )


def price_answer(instance: Instance, price: Json) -> Json:
    annual = price["annual_monthly_amount"]
    return {
        **price,
        "instance_id": instance.id,
        "currency_symbol": SYMBOLS[price["currency"]],
        "fee": money(price["amount"], price["currency"]),
        "annual_monthly_fee": money(annual, price["currency"]) if annual else None,
    }


@operation("GetCommercePlanList")
def list_plans(instance: Instance, call: Call) -> Json:
    payer_type = call.query.choice("payer_type", ("user", "org"))
    plans = [one for one in PLANS.records(instance) if payer_type in (None, one["for_payer_type"])]
    page = data_page(call, plans)
    return page | {"data": [plan_answer(instance, plan) for plan in page["data"]]}


@operation("GetBillingPriceList")
def list_prices(instance: Instance, call: Call) -> Json:
    """Cheapest first; of those with the same amount the newest."""
    plan_id = call.query.one("plan_id")
    if plan_id:
        found(PLANS.records(instance), "plan", plan_id)
    prices = [one for one in PRICES.records(instance) if plan_id in (None, one["plan_id"])]
    page = data_page(call, sorted(prices, key=lambda price: price["amount"]))
    return page | {"data": [price_answer(instance, price) for price in page["data"]]}


@operation("CreateBillingPrice")
def create_price(instance: Instance, call: Call) -> Json:
    plan = found(PLANS.records(instance), "plan", call.body["plan_id"])
    currency = checked_currency(call)
    amounts = {name: call.given(name) or 0 for name in ("amount", "annual_monthly_amount")}
    for name, cents in amounts.items():
        if cents != 0 and cents < LEAST_CENTS:
            raise errors.form_param_value_invalid(name, f"0, or {LEAST_CENTS} and more")
    by_amounts = "both" if call.given("annual_monthly_amount") is not None else "month"
    price = PRICES.new(
        instance,
        plan_id=plan["id"],
        currency=currency,
        description=call.given("description"),
        supported_billing_periods=call.given("supported_billing_periods") or by_amounts,
        **amounts,
    )
    return price_answer(instance, price)


def checked_currency(call: Call) -> str:
    currency = str(call.given("currency") or "USD").upper()
    if currency not in SYMBOLS:
        raise errors.form_param_value_invalid("currency", tuple(SYMBOLS))
    return currency


# Payers


def payer_of(instance: Instance, call: Call, *, make: bool = False) -> Json | None:
    """Return the payer that the path's user or organization is, if they are one yet.

    Raises:
        ClerkError: 404, there is no such user or organization.
    """
    ((argument, value),) = call.path.items()
    if argument == "user_id":
        owner = found(instance.users, "user", value)
    else:
        owner = found(instance.organizations, "organization", value)
    for payer in PAYERS.records(instance):
        if payer[argument] == owner["id"]:
            return payer
    return PAYERS.new(instance, **{argument: owner["id"]}) if make else None


def payer_answer(instance: Instance, payer: Json) -> Json:
    user = instance.users.get(payer["user_id"] or "")
    organization = instance.organizations.get(payer["organization_id"] or "")
    return {
        **PAYERS.answer(payer),
        "instance_id": instance.id,
        "first_name": user and user["first_name"],
        "last_name": user and user["last_name"],
        "email": user and primary(user, "email_address"),
        "organization_name": organization and organization["name"],
        "image_url": (user or organization or {}).get("image_url", ""),
    }


def card_answer(payer: Json) -> Json:
    return {
        "object": "commerce_payment_method",
        "id": f"cpm_{payer['id'].partition('_')[2]}",
        "payer_id": payer["id"],
        "payment_type": "card",
        "is_default": True,
        "gateway": "stripe",
        "gateway_external_id": f"pm_{payer['id'].partition('_')[2]}",
        "gateway_external_account_id": None,
        "last4": "4242",
        "status": "active",
        "wallet_type": None,
        "card_type": "visa",
        "expiry_year": 2031,
        "expiry_month": 8,
        "created_at": payer["created_at"],
        "updated_at": payer["updated_at"],
        "is_removable": False,
    }


# Subscriptions and their items


def as_of_now(instance: Instance, item: Json) -> Json:
    """Return the item with what the passing of time has made of it: begun, ended, or its trial over."""
    now = instance.clock()
    if item["status"] == "upcoming" and item["period_start"] <= now:
        item["status"] = "active"
    if item["period_end"] is None or item["period_end"] > now:
        return item
    if item["status"] == "canceled":
        item |= {"status": "ended", "ended_at": item["period_end"]}
    elif item["status"] in ("active", "past_due"):
        item["is_free_trial"] = False
        length = PERIOD_MS[item["plan_period"]]
        behind = (now - item["period_end"]) // length
        item["period_start"] = item["period_end"] + behind * length
        item["period_end"] = item["period_start"] + length
    return item


def price_of(instance: Instance, item: Json) -> Json:
    return PRICES.records(instance)[item["price_id"]]


def charge(instance: Instance, item: Json) -> int:
    """Return what one period costs in cents, after a discount."""
    price = price_of(instance, item)
    cents = price["amount"] if item["plan_period"] == "month" else price["annual_monthly_amount"] * 12
    discount = active_discount(instance, item)
    return round(cents * (100 - discount["percent_off"]) / 100) if discount else int(cents)


def item_answer(instance: Instance, item: Json) -> Json:
    as_of_now(instance, item)
    payer = PAYERS.records(instance)[item["payer_id"]]
    currency, cents = price_of(instance, item)["currency"], charge(instance, item)
    answer = {
        **ITEMS.answer(item),
        "instance_id": instance.id,
        "plan": plan_answer(instance, PLANS.records(instance)[item["plan_id"]]),
        "payer": payer_answer(instance, payer),
        "lifetime_paid": money(item["paid"], currency),
        "next_payment": None,
        "seats": None,
    }
    if cents:
        answer["payment_method"] = card_answer(payer)
        if item["status"] in ("active", "past_due", "upcoming"):
            due = item["period_start"] if item["status"] == "upcoming" else item["period_end"]
            answer["next_payment"] = {"amount": money(cents, currency), "date": due}
    return answer


def older_item_answer(instance: Instance, item: Json) -> Json:
    """Return the item in the form in which two of the operations answer it: with more of the plan beside
    it."""
    answer = item_answer(instance, item)
    plan = older_plan_answer(instance, PLANS.records(instance)[item["plan_id"]])
    payer = {name: value for name, value in answer["payer"].items() if value is not None}
    payer = {"first_name": "", "last_name": "", "email": ""} | payer
    return answer | {
        "plan": plan,
        "payer": payer,
        "payment_source_id": "",
        "proration_date": rfc_3339(item["created_at"])[:10],
    }


def older_plan_answer(instance: Instance, plan: Json) -> Json:
    answer = plan_answer(instance, plan)
    amounts: Json = {}
    for name, fee in (("", "fee"), ("annual_monthly_", "annual_monthly_fee"), ("annual_", "annual_fee")):
        sum_ = answer[fee] or money(0)
        amounts |= {f"{name}amount": sum_["amount"], f"{name}amount_formatted": sum_["amount_formatted"]}
    texts = {"description": plan["description"] or "", "avatar_url": plan["avatar_url"] or ""}
    kinds = {"currency": "USD", "currency_symbol": "$", "payer_type": [plan["for_payer_type"]]}
    return answer | amounts | texts | kinds


def items_of(instance: Instance, payer: Json) -> list[Json]:
    return [as_of_now(instance, item) for item in ITEMS.records(instance) if item["payer_id"] == payer["id"]]


def subscribe(instance: Instance, payer: Json, plan: Json, **given: Any) -> Json:
    """Start an item on a plan's default price, from now on unless something else is given."""
    now, period = instance.clock(), given.get("plan_period", "month")
    values: Json = {
        "payer_id": payer["id"],
        "plan_id": plan["id"],
        "price_id": default_price(instance, plan)["id"],
        "period_start": now,
        "period_end": None if default_price(instance, plan)["amount"] == 0 else now + PERIOD_MS[period],
    }
    return ITEMS.new(instance, **(values | given))


def fall_back(instance: Instance, item: Json) -> None:
    """Whoever has no other item goes on with the free plan of their kind."""
    payer = PAYERS.records(instance)[item["payer_id"]]
    kind = "user" if payer["user_id"] else "org"
    if any(one["status"] in ("active", "past_due", "canceled") for one in items_of(instance, payer)):
        return
    for plan in PLANS.records(instance):
        if plan["is_default"] and plan["for_payer_type"] == kind:
            subscribe(instance, payer, plan)
            return


@operation("GetUserBillingSubscription")
@operation("GetOrganizationBillingSubscription")
def get_subscription(instance: Instance, call: Call) -> Json:
    payer = payer_of(instance, call)
    subscription = next(
        (one for one in SUBSCRIPTIONS.records(instance) if payer and one["payer_id"] == payer["id"]), None
    )
    if payer is None or subscription is None:
        raise errors.not_found("subscription", next(iter(call.path.values())))
    items = [item for item in items_of(instance, payer) if item["status"] != "ended"]
    answers = [item_answer(instance, item) for item in items]
    due = [one["next_payment"] for one in answers if one["next_payment"]]
    past_due = [item["past_due_at"] for item in items if item["status"] == "past_due"]
    answer = {
        **subscription,
        "instance_id": instance.id,
        "status": "past_due" if past_due else "active",
        "active_at": subscription["created_at"],
        "past_due_at": past_due[0] if past_due else None,
        "subscription_items": answers,
        "eligible_for_free_trial": not any(item["paid"] or item["is_free_trial"] for item in items),
    }
    return answer | ({"next_payment": min(due, key=lambda one: one["date"])} if due else {})


@operation("GetCommerceSubscriptionItemList")
def list_items(instance: Instance, call: Call) -> Json:
    query = call.query
    status = query.choice("status", ("active", "ended", "past_due", "upcoming", "free_trial"))
    payer_type = query.choice("payer_type", ("user", "org"))
    plan_id, text = query.one("plan_id"), (query.one("query") or "").casefold()
    free = query.flag("include_free")

    def is_wanted(item: Json) -> bool:
        answer = item_answer(instance, item)
        payer, trial = answer["payer"], status == "free_trial"
        names = ("id", "first_name", "last_name", "email", "organization_name")
        known_by = [item["id"], *(payer[name] for name in names)]
        return (
            (status is None or (item["is_free_trial"] if trial else item["status"] == status))
            and payer_type in (None, answer["plan"]["for_payer_type"])
            and plan_id in (None, item["plan_id"])
            and (free or price_of(instance, item)["amount"] > 0)
            and any(text in str(name or "").casefold() for name in known_by)
        )

    page = data_page(call, [item for item in ITEMS.records(instance) if is_wanted(item)])
    return page | {"data": [item_answer(instance, item) for item in page["data"]]}


def running_item(instance: Instance, call: Call) -> Json:
    """Return the item that the path names, which has not ended.

    Raises:
        ClerkError: 404; 422 where it has ended.
    """
    item = as_of_now(
        instance, found(ITEMS.records(instance), ITEMS.called, call.path["subscription_item_id"])
    )
    if item["status"] == "ended":
        raise errors.form_param_value_invalid("subscription_item_id", "of an item that has not ended")
    return item


@operation("CancelCommerceSubscriptionItem")
def cancel_item(instance: Instance, call: Call) -> Json:
    """Cancelled, an item runs until its period's end; one that is free or has not begun ends at once."""
    item, now = running_item(instance, call), instance.clock()
    at_once = call.query.flag("end_now") or item["status"] == "upcoming" or item["period_end"] is None
    item |= {"status": "canceled", "canceled_at": now, "updated_at": now}
    if at_once:
        item |= {"status": "ended", "ended_at": now}
        fall_back(instance, item)
    return item_answer(instance, item)


@operation("ExtendBillingSubscriptionItemFreeTrial")
def extend_free_trial(instance: Instance, call: Call) -> Json:
    item, now = running_item(instance, call), instance.clock()
    until = moment("extend_to", call.body["extend_to"])
    if not item["is_free_trial"]:
        raise errors.form_param_value_invalid("subscription_item_id", "of an item in its free trial")
    if until is None or not now < until <= now + LONGEST_EXTENSION_MS:
        raise errors.form_param_value_invalid("extend_to", "in the future and at most 365 days away")
    item |= {"period_end": until, "updated_at": now}
    return older_item_answer(instance, item)


@operation("CreateBillingPriceTransition")
def change_price(instance: Instance, call: Call) -> Json:
    """Return a dearer price begins at once, a cheaper one when the paid period is over."""
    item, now = running_item(instance, call), instance.clock()
    prices = PRICES.records(instance)
    before, after = (found(prices, "price", call.body[name]) for name in ("from_price_id", "to_price_id"))
    if item["price_id"] != before["id"] or item["status"] not in ("active", "past_due"):
        raise errors.conflict()
    old_plan, plan = (PLANS.records(instance)[price["plan_id"]] for price in (before, after))
    if before is after or plan["for_payer_type"] != old_plan["for_payer_type"]:
        raise errors.form_param_value_invalid("to_price_id", "another price, of a plan for the same payers")
    at_once = after["amount"] > before["amount"] or item["period_end"] is None
    start = now if at_once else item["period_end"]
    period = item["plan_period"] if after["annual_monthly_amount"] else "month"
    item |= {"canceled_at": now, "updated_at": now, "status": "canceled"}
    item |= {"status": "ended", "ended_at": now} if at_once else {}
    new = subscribe(
        instance,
        PAYERS.records(instance)[item["payer_id"]],
        plan,
        price_id=after["id"],
        plan_period=period,
        status="active" if at_once else "upcoming",
        period_start=start,
        period_end=start + PERIOD_MS[period] if after["amount"] else None,
    )
    cents = charge(instance, new) if at_once else 0
    new["paid"] = cents
    return {
        "object": "commerce_price_transition",
        "subscription_item": older_item_answer(instance, new),
        "transition": {
            "previous_plan": older_plan_answer(instance, old_plan),
            "previous_price": price_answer(instance, before),
            "effective_at": start,
            "effective_mode": "immediate" if at_once else "end_of_period",
            "next_billing_date": new["period_end"] if at_once else start,
            "charged_immediately": cents > 0,
            "immediate_charge": money(cents, after["currency"]) if cents else None,
            "previous_subscription_item_status": item["status"],
            "previous_subscription_item_id": item["id"],
        },
    }


# Discounts


def active_discount(instance: Instance, item: Json) -> Json | None:
    for one in REDEMPTIONS.records(instance):
        if one["subscription_item_id"] == item["id"] and one["status"] == "active":
            return one
    return None


def redeem(instance: Instance, item: Json, discount: Json) -> Json:
    return REDEMPTIONS.new(
        instance,
        subscription_item_id=item["id"],
        discount_id=discount["id"],
        name=discount["name"],
        percent_off=discount["percent_off"],
        cycles_remaining=discount["cycles"],
        redeemed_at=instance.clock(),
    )


@operation("ApplyBillingSubscriptionItemDiscount")
def apply_discount(instance: Instance, call: Call) -> Json:
    """Another discount takes the place of the active one; the same again is a conflict."""
    item = running_item(instance, call)
    discount = found(DISCOUNTS.records(instance), DISCOUNTS.called, call.body["discount_id"])
    if active := active_discount(instance, item):
        if active["discount_id"] == discount["id"]:
            raise errors.conflict()
        active["status"] = "removed"
    return redeem(instance, item, discount)


@operation("RemoveBillingSubscriptionItemDiscount")
def remove_discount(instance: Instance, call: Call) -> Json:
    item = found(ITEMS.records(instance), ITEMS.called, call.path["subscription_item_id"])
    active = active_discount(instance, item)
    if active is None or active["discount_id"] != call.path["discount_id"]:
        raise errors.not_found("active discount", call.path["discount_id"])
    active |= {"status": "removed", "updated_at": instance.clock()}
    return active


# Statements


def payment_answer(instance: Instance, payment: Json) -> Json:
    item = ITEMS.records(instance)[payment["subscription_item_id"]]
    payer = PAYERS.records(instance)[item["payer_id"]]
    card = card_answer(payer)
    return {
        **PAYMENTS.answer(payment),
        "payment_id": payment["id"],
        "instance_id": instance.id,
        "charge_type": "recurring",
        "payee_id": f"cpayee_{instance.id.partition('_')[2]}",
        "payee": {"object": "commerce_payee", "gateway_type": "stripe"},
        "payer_id": payer["id"],
        "payer": payer_answer(instance, payer),
        "subscription_item": item_answer(instance, item),
        "amount": money(payment["cents"], price_of(instance, item)["currency"]),
        "payment_method_id": card["id"],
        "payment_method": card,
        "gateway_external_id": None,
        "gateway_external_url": None,
        "paid_at": payment["created_at"] if payment["status"] == "paid" else None,
        "failed_at": payment["created_at"] if payment["status"] == "failed" else None,
    }


def payments_of(instance: Instance, statement: Json) -> list[Json]:
    return [one for one in PAYMENTS.records(instance) if one["statement_id"] == statement["id"]]


def statement_answer(instance: Instance, statement: Json) -> Json:
    payments = payments_of(instance, statement)
    # Every attempt is for the same sum, and the last one tells how it stands.
    total, at = money(payments[0]["cents"]), statement["created_at"]
    items = [payment_answer(instance, payment) for payment in payments]
    return {
        **statement,
        "instance_id": instance.id,
        "timestamp": at,
        "payer": payer_answer(instance, PAYERS.records(instance)[statement["payer_id"]]),
        "totals": {"grand_total": total, "subtotal": total, "base_fee": total, "tax_total": money(0)},
        "groups": [{"object": "commerce_statement_group", "timestamp": at, "items": items}],
    }


@operation("GetBillingStatementList")
def list_statements(instance: Instance, call: Call) -> Json:
    page = data_page(call, STATEMENTS.records(instance))
    return page | {"data": [statement_answer(instance, statement) for statement in page["data"]]}


@operation("GetBillingStatement")
def get_statement(instance: Instance, call: Call) -> Json:
    return statement_answer(instance, STATEMENTS.found(instance, call))


@operation("GetBillingStatementPaymentAttempts")
def list_payment_attempts(instance: Instance, call: Call) -> Json:
    page = data_page(call, payments_of(instance, STATEMENTS.found(instance, call)))
    return page | {"data": [payment_answer(instance, payment) for payment in page["data"]]}


# Credit


@operation("GetUserBillingCreditBalance")
@operation("GetOrganizationBillingCreditBalance")
def get_credit(instance: Instance, call: Call) -> Json:
    payer = payer_of(instance, call)
    return {"object": "commerce_credit_balance", "balance": payer and payer["credit"]}


@operation("AdjustUserBillingCreditBalance")
@operation("AdjustOrganizationBillingCreditBalance")
def adjust_credit(instance: Instance, call: Call) -> Json:
    """Return one ledger entry for each key: the same key again answers its entry and changes nothing."""
    payer, body = payer_of(instance, call), call.body
    for entry in LEDGER.records(instance):
        if payer and entry["payer_id"] == payer["id"] and entry["key"] == body["idempotency_key"]:
            return ledger_answer(entry)
    currency, sign = checked_currency(call), 1 if body["action"] == "increase" else -1
    balance = (payer and payer["credit"]) or money(0, currency)
    if body["amount"] <= 0 or balance["amount"] + sign * body["amount"] < 0:
        raise errors.form_param_value_invalid("amount", "above 0, and no more than there is to take")
    if balance["currency"] != currency:
        raise errors.form_param_value_invalid("currency", f"{balance['currency']}, as the credit is")
    payer = payer_of(instance, call, make=True)
    assert payer is not None  # noqa: S101 - it was just made
    payer["credit"] = money(balance["amount"] + sign * body["amount"], currency)
    entry = LEDGER.new(
        instance,
        payer_id=payer["id"],
        cents=sign * body["amount"],
        currency=currency,
        note=call.given("note"),
        key=body["idempotency_key"],
    )
    return ledger_answer(entry)


def ledger_answer(entry: Json) -> Json:
    return {
        "object": entry["object"],
        "id": entry["id"],
        "payer_id": entry["payer_id"],
        "amount": money(entry["cents"], entry["currency"]),
        "source_type": "manual_adjustment",
        "source_id": entry["key"],
        "note": entry["note"],
        "created_at": rfc_3339(entry["created_at"]),
    }


# The demo company


def _plan(instance: Instance, name: str, kind: str, cents: int, annual: int = 0, **given: Any) -> Json:
    slug = name.lower().replace(" ", "_")
    plan = PLANS.new(
        instance, name=name, slug=slug, for_payer_type=kind, product_id=instance.new_id("cprod"), **given
    )
    PRICES.new(
        instance,
        plan_id=plan["id"],
        amount=cents,
        annual_monthly_amount=annual,
        is_default=True,
        supported_billing_periods="both" if annual else "month",
    )
    return plan


def _feature(instance: Instance, slug: str, name: str) -> Json:
    return {
        "object": "feature",
        "id": instance.new_id("feat"),
        "name": name,
        "description": "",
        "slug": slug,
        "avatar_url": "",
    }


def _customer(instance: Instance, plan: Json, *, owner: Json, **given: Any) -> Json:
    kind = "user_id" if owner["object"] == "user" else "organization_id"
    payer = PAYERS.new(instance, **{kind: owner["id"]})
    SUBSCRIPTIONS.new(instance, payer_id=payer["id"])
    return subscribe(instance, payer, plan, **given)


def _bill(instance: Instance, item: Json, *statuses: str) -> None:
    """Return a statement of one period, with its attempts at payment in their order."""
    cents = charge(instance, item)
    statement = STATEMENTS.new(
        instance, payer_id=item["payer_id"], status="closed" if "paid" in statuses else "open"
    )
    for status in statuses:
        PAYMENTS.new(
            instance,
            statement_id=statement["id"],
            subscription_item_id=item["id"],
            cents=cents,
            status=status,
        )
        item["paid"] += cents if status == "paid" else 0


def seed_demo(instance: Instance) -> None:
    """Five plans; three organizations and three people on them, with their statements and a discount."""
    with days_ago(instance, 200):
        plans = _seed_plans(instance)
        discount = DISCOUNTS.new(instance, name="Spring", percent_off=20, cycles=6)
        DISCOUNTS.new(instance, name="Charity", percent_off=50, cycles=12)
    organizations = {one["name"]: one for one in instance.organizations}
    people = {
        name: instance.user_by("email_address", f"{name}@example.com")
        for name in ("carlos.mendoza", "aisha.karim", "hassan.elamin")
    }
    with days_ago(instance, 12):
        company = _customer(instance, plans["Team"], owner=organizations["Fernhill"])
        gardens = _customer(instance, plans["Growth"], owner=organizations["Mossbrook Gardens"])
        _bill(instance, gardens, "paid")
        aisha = _customer(
            instance, plans["Gardener"], owner=people["aisha.karim"] or {}, plan_period="annual"
        )
        _bill(instance, aisha, "paid")
        redeem(instance, aisha, discount)
    with days_ago(instance, 33):
        nursery = _customer(instance, plans["Starter"], owner=organizations["Alder & Vale Nursery"])
        _bill(instance, nursery, "paid")
    with days_ago(instance, 3):
        _bill(instance, nursery, "failed", "failed")
        nursery |= {"status": "past_due", "past_due_at": instance.clock()}
        nursery |= {"period_start": instance.clock(), "period_end": instance.clock() + PERIOD_MS["month"]}
    with days_ago(instance, 9):
        _customer(
            instance,
            plans["Gardener"],
            owner=people["carlos.mendoza"] or {},
            is_free_trial=True,
            period_end=instance.clock() + 14 * DAY_MS,
        )
        _customer(instance, plans["Hobby"], owner=people["hassan.elamin"] or {})
    gardens_payer = PAYERS.records(instance)[gardens["payer_id"]]
    gardens_payer["credit"] = money(2500)
    company["updated_at"] = company["created_at"]


def _seed_plans(instance: Instance) -> dict[str, Json]:
    beds, team = _feature(instance, "beds", "Bed planner"), _feature(instance, "shared", "Shared plans")
    trial = {"free_trial_enabled": True, "free_trial_days": 14}
    plans = [
        _plan(instance, "Hobby", "user", 0, is_default=True),
        _plan(instance, "Team", "org", 0, is_default=True),
        _plan(instance, "Gardener", "user", 900, 750, features=[beds], **trial),
        _plan(instance, "Starter", "org", 2900, features=[team]),
        _plan(instance, "Growth", "org", 9900, 8900, features=[beds, team]),
    ]
    return {plan["name"]: plan for plan in plans}


def _item(demo: Instance, plan: str, **fields: Any) -> Json:
    plan_id = next(one["id"] for one in PLANS.records(demo) if one["name"] == plan)
    wanted = {"plan_id": plan_id} | fields
    return next(one for one in ITEMS.records(demo) if all(one[key] == wanted[key] for key in wanted))


def _price(demo: Instance, plan: str) -> str:
    plans = {one["name"]: one for one in PLANS.records(demo)}
    return str(default_price(demo, plans[plan])["id"])


def _in_three_weeks(demo: Instance) -> str:
    return rfc_3339(demo.clock() + 21 * DAY_MS)


NAMED = {
    "a paid subscription item": lambda demo: _item(demo, "Starter")["id"],
    "a free trial": lambda demo: _item(demo, "Gardener", is_free_trial=True)["id"],
    "a time in three weeks": _in_three_weeks,
    "an organization's subscription item": lambda demo: _item(demo, "Growth")["id"],
    "the price that it pays": lambda demo: _item(demo, "Growth")["price_id"],
    "a cheaper price": lambda demo: _price(demo, "Starter"),
    "a discounted item": lambda demo: _item(demo, "Gardener", is_free_trial=False)["id"],
    "its discount": lambda demo: next(
        one["id"] for one in DISCOUNTS.records(demo) if one["name"] == "Spring"
    ),
    "Mossbrook Gardens": lambda demo: next(
        one["id"] for one in demo.organizations if one["name"] == "Mossbrook Gardens"
    ),
}
"""What examples call things of the demo."""
