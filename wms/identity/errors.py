"""What identity may refuse, in words."""

from __future__ import annotations

from wms.platform.i18n import N_

TEXTS = {
    "login_refused": N_("Login or password is wrong. After five wrong tries, wait five minutes."),
    "badge_refused": N_("Badge or PIN is wrong. After five wrong tries, wait five minutes."),
    "not_the_first": N_("People can sign in already; they give others their ways in."),
    "login_taken": N_("This login name is taken."),
    "unknown_seller": N_("No such seller."),
    "seller_code_taken": N_("This seller code is taken."),
    "rule_is_so": N_("This is the rule already."),
    "shop_exists": N_("This shop is already there."),
    "proof_refused": N_("This is not right. After five wrong tries, wait five minutes."),
    "password_guessable": N_("Too easy to guess. Some unrelated words make a good password."),
    "password_differs": N_("The two are not the same."),
    "password_same": N_("This is the password you have."),
    "code_refused": N_(
        "This code is not right, or was used already. After five wrong tries, wait five minutes or longer."
    ),
    "code_wrong": N_("This is not the code of now. Is the clock of the phone right?"),
    "step_over": N_("This took too long, or was done already. Sign in again."),
    "second_step_is_on": N_("Two-step sign-in is on already."),
    "second_step_not_begun": N_("This took too long. Begin again: the key is another one then."),
    "second_step_is_demanded": N_("Your role demands two-step sign-in."),
    "second_step_by_password": N_("Sign in with your password for this: a badge opens the floor only."),
    "second_step_yours_first": N_("Switch two-step sign-in on for yourself first: this is your own role."),
    "own_account": N_("Not for yourself: use “My account”."),
    "pin_form": N_("A PIN has 4 to 6 digits, not all the same and not counting."),
    "badge_form": N_("This is not a badge code."),
    "badge_taken": N_("This badge belongs to somebody else."),
    "role_unknown": N_("There is no such role."),
    "role_is_staff": N_("This role is for the operator's staff only."),
    "role_is_seller": N_("This role is for sellers' people only."),
    "person_is_staff": N_("Staff cannot also work for a seller."),
    "person_is_seller": N_("A seller's person cannot also be staff."),
    "role_scope_differs": N_("One person has the same roles everywhere. Make a second login."),
    "scope_not_for_keys": N_("A key may not have this right."),
    "key_expiry_past": N_("The expiry lies in the past."),
}
