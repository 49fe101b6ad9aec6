"""Billing: what users and organizations pay for: plans, prices, subscriptions, statements, credit."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from clerk_tools.argument import Body, Id, Kind, Path, Query, arg
from clerk_tools.hits import Hit, Look, first_with, inside, records, shown, thing
from clerk_tools.ids import OrganizationId, UserId
from clerk_tools.operation import Operation, Paged
from clerk_tools.spec import Advice, Demo, Example
from clerk_tools.view import View

SYNONYMS: Final = {
    "subscription": "subscribed, subscriber, paying customer",
    "statement": "invoice, bill, receipt, billing document",
    "plan": "tier, package, pricing",
    "discount": "coupon, rebate, percent off, cheaper, percent, promo, promotion, voucher",
    "payment": "card, charge, transaction",
    "trial": "free period, trial period",
    "credit": "store credit",
}
"""What people say instead of a term; for the search."""

PlanId = Annotated[Id, Kind("plan", found_by="GetCommercePlanList", prefix="cplan_", names=("name", "slug"))]
PriceId = Annotated[Id, Kind("price", found_by="GetBillingPriceList")]
SubscriptionItemId = Annotated[Id, Kind("subscription item", found_by="GetCommerceSubscriptionItemList")]
StatementId = Annotated[Id, Kind("statement", found_by="GetBillingStatementList")]
# Nothing lists discounts: they are made in Clerk's dashboard.
DiscountId = Annotated[Id, Kind("discount")]

_MONEY: Final = View(("amount", "amount_formatted", "currency"))
_PAYER: Final = View(
    ("id", "user_id", "organization_id", "organization_name", "first_name", "last_name", "email")
)
_CARD: Final = View(("payment_type", "card_type", "last4", "status", "expiry_year", "expiry_month"))
_PLAN: Final = View(
    ("id", "name", "slug", "description", "for_payer_type", "publicly_visible", "free_trial_days"),
    flags=("is_default", "free_trial_enabled"),
    inside={
        "fee": _MONEY,
        "annual_monthly_fee": _MONEY,
        "annual_fee": _MONEY,
        "features": View(("slug", "name")),
        "unit_prices": View(("name", "block_size")),
    },
)
_PRICE: Final = View(
    ("id", "plan_id", "amount", "annual_monthly_amount", "currency", "description"),
    flags=("is_default",),
)
_ITEM: Final = View(
    ("id", "status", "plan_id", "price_id", "plan_period", "payer_id"),
    flags=("is_free_trial",),
    inside={
        "plan": View(("name", "slug", "for_payer_type")),
        "payer": _PAYER,
        "payment_method": _CARD,
        "next_payment": View((), inside={"amount": _MONEY}, times=("date",)),
        "lifetime_paid": _MONEY,
    },
    times=("period_start", "period_end", "canceled_at", "past_due_at", "ended_at", "created_at"),
)
_PAYMENT: Final = View(
    ("id", "status", "charge_type", "payer_id", "subscription_item_id", "statement_id"),
    inside={"amount": _MONEY, "payment_method": _CARD},
    times=("paid_at", "failed_at", "created_at"),
)

VIEWS = {
    "commerce_plan": _PLAN,
    "commerce_price": View(
        (*_PRICE.plain, "supported_billing_periods"), flags=_PRICE.flags, times=("created_at",)
    ),
    "commerce_subscription_item": _ITEM,
    "commerce_subscription": View(
        ("id", "status", "payer_id"),
        flags=("eligible_for_free_trial",),
        inside={
            "subscription_items": _ITEM,
            "next_payment": View((), inside={"amount": _MONEY}, times=("date",)),
        },
        times=("active_at", "past_due_at", "created_at"),
    ),
    "commerce_price_transition": View(
        (),
        inside={
            "subscription_item": _ITEM,
            "transition": View(
                ("effective_mode", "previous_subscription_item_id", "previous_subscription_item_status"),
                flags=("charged_immediately",),
                inside={"immediate_charge": _MONEY, "previous_price": _PRICE},
                times=("effective_at", "next_billing_date"),
            ),
        },
    ),
    "commerce_discount_redemption": View(
        (
            *("id", "discount_id", "subscription_item_id", "name", "status", "source", "promo_code"),
            *("effect", "percent_off", "cycles_remaining", "cycles_applied"),
        ),
        inside={"amount_off": _MONEY},
        times=("redeemed_at",),
    ),
    "commerce_statement": View(
        ("id", "status"),
        inside={
            "payer": _PAYER,
            "totals": View((), inside={"grand_total": _MONEY, "subtotal": _MONEY, "tax_total": _MONEY}),
            "groups": View((), inside={"items": _PAYMENT}, times=("timestamp",)),
        },
        times=("timestamp",),
    ),
    "commerce_payment": _PAYMENT,
    "commerce_credit_balance": View((), inside={"balance": _MONEY}),
    "commerce_credit_ledger": View(
        ("id", "payer_id", "source_type", "note", "created_at"), inside={"amount": _MONEY}
    ),
}

PayerType = Literal["user", "org"]


class ListPlans(
    Paged,
    id="GetCommercePlanList",
    version="2025-11-10",
    get="/billing/plans",
    pages="commerce_plan",
    words="which plans do we sell, pricing plans, pricing table, subscription plans, what does a plan "
    "cost, features of a plan, billing plans, id of a plan, list plans, what can be bought, price "
    "list, what do we sell, show the pricing plans",
    example=Example({"payer_type": "org"}),
):
    """The plans that users or organizations can subscribe to, with fees and features, newest first."""

    payer_type: Query[PayerType] = arg(optional=True)


class ListPrices(
    Paged,
    id="GetBillingPriceList",
    version="2025-11-10",
    get="/billing/prices",
    pages="commerce_price",
    words="custom prices, prices of a plan, special prices, enterprise price, list prices, price ids, "
    "which prices are there, how much does a plan cost per month, monthly and yearly price of a "
    "plan, amounts of the prices",
    example=Example({"plan_id": Demo("a plan")}),
):
    """The prices of all plans or of one, cheapest first: each plan's default one and custom ones."""

    plan_id: Query[PlanId] = arg(optional=True)


class CreatePrice(
    Operation,
    id="CreateBillingPrice",
    version="2025-11-10",
    post="/billing/prices",
    returns="commerce_price",
    no_undo="Clerk deletes no price.",
    words="offer a special price, custom price for a customer, discounted price, complimentary plan, "
    "new price, special price for one customer, negotiated price",
    example=Example({"plan_id": Demo("a plan"), "amount": 7900, "description": "Two years' loyalty"}),
):
    """Make a custom price of a plan; it cannot be deleted. Nobody pays it until
    CreateBillingPriceTransition moves a subscription item to it."""

    plan_id: Body[PlanId] = arg()
    currency: Body[str] = arg(default="USD")
    amount: Body[int] = arg("Monthly, in cents: 0 (free) or 100 and more", nullable=True)
    annual_monthly_amount: Body[int] = arg(
        "In cents a month where a year is paid at once", optional=True, nullable=True
    )
    description: Body[str] = arg(optional=True)
    supported_billing_periods: Body[Literal["month", "annual", "both"]] = arg(optional=True)


class ListSubscriptionItems(
    Paged,
    id="GetCommerceSubscriptionItemList",
    version="2025-11-10",
    get="/billing/subscription_items",
    pages="commerce_subscription_item",
    words="who pays, paying customers, who is subscribed to a plan, subscribers of a plan, past due "
    "subscriptions, overdue payments, who is on a free trial, trials, active subscriptions, list "
    "subscriptions, list subscribers, paying users, customers on trial, customers on a plan, who "
    "has not paid, canceled subscriptions",
    example=Example({"status": "active", "payer_type": "org"}),
):
    """Who is on which plan: the subscription items of all payers, newest first. Of one payer: the
    subscription of that user or organization."""

    status: Query[Literal["active", "ended", "past_due", "upcoming", "free_trial"]] = arg(optional=True)
    payer_type: Query[PayerType] = arg(optional=True)
    plan_id: Query[PlanId] = arg(optional=True)
    include_free: Query[bool] = arg(default=False)
    query: Query[str] = arg("Part of the payer's name or email", optional=True)


async def _item_in_words(item_id: str, look: Look) -> str:
    """Return a subscription item as a person knows it: its plan, and who pays."""
    # Nothing reads one item by its id, so it is looked for in the listing.
    found = await look.at(ListSubscriptionItems(query=item_id, include_free=True, limit=10))
    item = first_with(records(found), "id", item_id)
    payer = inside(item, "payer")
    who = inside(payer, "organization_name") or inside(payer, "email") or inside(item, "payer_id")
    return thing("subscription to", inside(item, "plan", "name"), who)


class CancelSubscriptionItem(
    Operation,
    id="CancelCommerceSubscriptionItem",
    version="2025-11-10",
    delete="/billing/subscription_items/{subscription_item_id}",
    returns="commerce_subscription_item",
    words="cancel a subscription, end a subscription, stop billing, unsubscribe, downgrade to free, "
    "cancel a plan, end a paid plan, customer wants to stop paying, terminate a subscription",
    example=Example({"subscription_item_id": Demo("a paid subscription item")}),
):
    """Cancel a subscription item: it ends with the paid period, or at once with `end_now`. The payer falls
    back to the free plan."""

    subscription_item_id: Path[SubscriptionItemId] = arg()
    end_now: Query[bool] = arg(default=False)

    async def hit(self, look: Look) -> Hit:
        when = "ends it at once" if self.end_now else "ends it with the paid period"
        return Hit.of(await _item_in_words(self.subscription_item_id, look), when)


class ExtendFreeTrial(
    Operation,
    id="ExtendBillingSubscriptionItemFreeTrial",
    version="2021-02-05",
    post="/billing/subscription_items/{subscription_item_id}/extend_free_trial",
    returns="commerce_subscription_item",
    reader=ListSubscriptionItems,
    advice=Advice(if_executed="Calling again with the same time does no harm."),
    words="longer trial, prolong a trial, give a customer more trial days, extend a trial, more time to "
    "try, trial ends too early, longer free period",
    example=Example(
        {"subscription_item_id": Demo("a free trial"), "extend_to": Demo("a time in three weeks")}
    ),
):
    """Extend a free trial that is running."""

    subscription_item_id: Path[SubscriptionItemId] = arg()
    extend_to: Body[str] = arg("RFC 3339, at most 365 days ahead")


class ChangePrice(
    Operation,
    id="CreateBillingPriceTransition",
    version="2021-02-05",
    post="/billing/subscription_items/{subscription_item_id}/price_transition",
    returns="commerce_price_transition",
    effect="destroy",
    reader=ListSubscriptionItems,
    words="upgrade a subscription, downgrade a subscription, move a customer to another plan, change "
    "what a customer pays, switch plans, change the plan of a customer, change a price, from "
    "monthly to yearly, put a customer on another price, upgrade a customer",
    example=Example(
        {
            "subscription_item_id": Demo("an organization's subscription item"),
            "from_price_id": Demo("the price that it pays"),
            "to_price_id": Demo("a cheaper price"),
        }
    ),
):
    """Move a subscription item to another price or plan. A dearer one may start and CHARGE the payer at
    once, a cheaper one waits for the period's end. The present item ends."""

    subscription_item_id: Path[SubscriptionItemId] = arg()
    from_price_id: Body[PriceId] = arg("What it pays now")
    to_price_id: Body[PriceId] = arg()

    async def hit(self, look: Look) -> Hit:
        moves = f"moves it from price {shown(self.from_price_id)} to {shown(self.to_price_id)}"
        return Hit.of(
            await _item_in_words(self.subscription_item_id, look), moves, "may charge the payer at once"
        )


class ApplyDiscount(
    Operation,
    id="ApplyBillingSubscriptionItemDiscount",
    version="2021-02-05",
    post="/billing/subscription_items/{subscription_item_id}/discounts",
    returns="commerce_discount_redemption",
    reader=ListSubscriptionItems,
    advice=Advice(if_executed="Calling again does no harm: the same discount twice is refused."),
    words="give a customer a discount, money off, coupon, promo code, rebate, apply a discount, percent "
    "off, reduce the price for a customer, cheaper for a customer, money off for some months, "
    "voucher for a customer",
    example=Example(
        {
            "subscription_item_id": Demo("an organization's subscription item"),
            "discount_id": Demo("a discount"),
        }
    ),
):
    """Put a discount from Clerk's dashboard on a subscription item, in place of the one it has."""

    subscription_item_id: Path[SubscriptionItemId] = arg()
    discount_id: Body[DiscountId] = arg()


class RemoveDiscount(
    Operation,
    id="RemoveBillingSubscriptionItemDiscount",
    version="2021-02-05",
    delete="/billing/subscription_items/{subscription_item_id}/discounts/{discount_id}",
    returns="commerce_discount_redemption",
    words="take a discount away, full price again, remove a coupon, end a discount, remove a discount, "
    "no longer cheaper",
    example=Example({"subscription_item_id": Demo("a discounted item"), "discount_id": Demo("its discount")}),
):
    """Take the active discount off a subscription item: the payer pays the full price from then on."""

    subscription_item_id: Path[SubscriptionItemId] = arg()
    discount_id: Path[DiscountId] = arg()

    async def hit(self, look: Look) -> Hit:
        item = await _item_in_words(self.subscription_item_id, look)
        return Hit.of(item, "its payer pays the full price again", "the cycles that were left are lost")


class ListStatements(
    Paged,
    id="GetBillingStatementList",
    version="2025-11-10",
    get="/billing/statements",
    pages="commerce_statement",
    words="invoices, bills, what was charged, billing history, revenue, list invoices, bills of a "
    "customer, list statements, past invoices, what did customers pay",
    example=Example({"limit": 5}),
):
    """The statements of all payers, newest first: what was charged for which subscription items."""


class GetStatement(
    Operation,
    id="GetBillingStatement",
    version="2025-11-10",
    get="/billing/statements/{statement_id}",
    returns="commerce_statement",
    words="one invoice, what is on an invoice, show an invoice, one bill, total of an invoice, lines of "
    "an invoice",
    example=Example({"statement_id": Demo("a statement")}),
):
    """One statement, with its charges and totals."""

    statement_id: Path[StatementId] = arg()


class ListPaymentAttempts(
    Paged,
    id="GetBillingStatementPaymentAttempts",
    version="2025-11-10",
    get="/billing/statements/{statement_id}/payment_attempts",
    pages="commerce_payment",
    words="did a payment fail, failed payments, was an invoice paid, declined card, payments of an "
    "invoice, did a card fail, why was a payment declined, card was declined, was a bill paid, "
    "payment attempts",
    example=Example({"statement_id": Demo("a statement")}),
):
    """The attempts to collect a statement's payments, newest first: which card, paid or failed."""

    statement_id: Path[StatementId] = arg()


class GetUserSubscription(
    Operation,
    id="GetUserBillingSubscription",
    version="2025-04-10",
    get="/users/{user_id}/billing/subscription",
    returns="commerce_subscription",
    words="which plan is a user on, what does a user pay, is a user paying, subscription of a user, "
    "plan of a user, does a user pay, next payment of a user, what is a user subscribed to",
    example=Example({"user_id": Demo("carlos")}),
):
    """A user's subscription: status, plans, next payment."""

    user_id: Path[UserId] = arg()


class GetUserCredit(
    Operation,
    id="GetUserBillingCreditBalance",
    version="2021-02-05",
    get="/users/{user_id}/billing/credits",
    returns="commerce_credit_balance",
    words="how much credit does a user have, credit balance of a user, credit of a user, balance of a "
    "user, credit left for a user, remaining credit of a user",
    example=Example({"user_id": Demo("carlos")}),
):
    """A user's credit, which lowers what they are charged."""

    user_id: Path[UserId] = arg()


_SAME_KEY: Final = "Calling again with the same idempotency_key does no harm: it counts once."


class AdjustUserCredit(
    Operation,
    id="AdjustUserBillingCreditBalance",
    version="2021-02-05",
    post="/users/{user_id}/billing/credits",
    returns="commerce_credit_ledger",
    advice=Advice(if_executed=_SAME_KEY),
    words="give a user credit, refund as credit, goodwill credit, take credit from a user, add credits, "
    "credit a user, compensate a user, give money back to a user as credit, lower a user's credit",
    example=Example(
        {
            "user_id": Demo("carlos"),
            "amount": 1500,
            "action": "increase",
            "idempotency_key": "goodwill-2041",
            "note": "A day of outage",
        }
    ),
):
    """Raise or lower a user's credit. The same `idempotency_key` counts once."""

    user_id: Path[UserId] = arg()
    amount: Body[int] = arg("In cents, above 0")
    action: Body[Literal["increase", "decrease"]] = arg()
    idempotency_key: Body[str] = arg()
    currency: Body[str] = arg("USD by default", optional=True)
    note: Body[str] = arg(optional=True)


class GetOrganizationSubscription(
    Operation,
    id="GetOrganizationBillingSubscription",
    version="2021-02-05",
    get="/organizations/{organization_id}/billing/subscription",
    returns="commerce_subscription",
    words="which plan is an organization on, what does an organization pay, is an organization paying, "
    "subscription of an organization, plan of a company, does a company pay, next payment of an "
    "organization, what is an organization subscribed to, subscription of a company",
    example=Example({"organization_id": Demo("Mossbrook Gardens")}),
):
    """An organization's subscription: status, plans, next payment."""

    organization_id: Path[OrganizationId] = arg()


class GetOrganizationCredit(
    Operation,
    id="GetOrganizationBillingCreditBalance",
    version="2021-02-05",
    get="/organizations/{organization_id}/billing/credits",
    returns="commerce_credit_balance",
    words="how much credit does an organization have, credit balance of an organization, credit of a "
    "company, balance of an organization, account balance of an organization, credit left for an "
    "organization, remaining credit of a company",
    example=Example({"organization_id": Demo("Mossbrook Gardens")}),
):
    """An organization's credit, which lowers what it is charged."""

    organization_id: Path[OrganizationId] = arg()


class AdjustOrganizationCredit(
    Operation,
    id="AdjustOrganizationBillingCreditBalance",
    version="2021-02-05",
    post="/organizations/{organization_id}/billing/credits",
    returns="commerce_credit_ledger",
    advice=Advice(if_executed=_SAME_KEY),
    words="give an organization credit, lower the credit of an organization, raise the credit of an "
    "organization, take credit from an organization, credit a company, compensate an "
    "organization, give a company credit",
    example=Example(
        {
            "organization_id": Demo("Mossbrook Gardens"),
            "amount": 5000,
            "action": "increase",
            "idempotency_key": "goodwill-2042",
        }
    ),
):
    """Raise or lower an organization's credit. The same `idempotency_key` counts once."""

    organization_id: Path[OrganizationId] = arg()
    amount: Body[int] = arg("In cents, above 0")
    action: Body[Literal["increase", "decrease"]] = arg()
    idempotency_key: Body[str] = arg()
    currency: Body[str] = arg("USD by default", optional=True)
    note: Body[str] = arg(optional=True)
