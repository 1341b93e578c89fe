"""Addresses of signing in and out, of accounts and of the two-person rule; at the root of the hub."""

from django.urls import path

from hub.access.views import account, accounts, approvals, door

urlpatterns = [
    path("sign-in/", door.sign_in, name="sign_in"),
    path("sign-in/passkey/", door.passkey_sign_in, name="passkey_sign_in"),
    path("sign-in/passkey/question/", door.passkey_options, name="passkey_options"),
    path("sign-in/passphrase/", door.choose_password, name="choose_password"),
    path("sign-in/code/", door.second_factor, name="second_factor"),
    path("sign-in/set-up/", door.enrol, name="enrol"),
    path("sign-out/", door.sign_out, name="sign_out"),
    path("language/", door.language, name="language"),
    path("account/", account.account, name="account"),
    path("account/passphrase/", account.password, name="password"),
    path("account/factor/", account.factor, name="factor"),
    path("account/factor/remove/", account.remove_factor, name="remove_factor"),
    path("account/recovery-codes/", account.recovery_codes, name="recovery_codes"),
    path("account/sessions/end/", account.end_sessions, name="end_sessions"),
    path("roles/", account.roles, name="roles"),
    path("accounts/", accounts.accounts, name="accounts"),
    path("accounts/new/", accounts.new_account, name="new_account"),
    path("accounts/<int:account>/", accounts.one_account, name="one_account"),
    path("accounts/<int:account>/posts/", accounts.give_post, name="give_post"),
    path("accounts/<int:account>/posts/<int:post>/zones/", accounts.post_zones, name="post_zones"),
    path("accounts/<int:account>/posts/<int:post>/end/", accounts.end_post, name="end_post"),
    path("accounts/<int:account>/close/", accounts.close_account, name="close_account"),
    path("accounts/<int:account>/reopen/", accounts.reopen_account, name="reopen_account"),
    path("accounts/<int:account>/reset/", accounts.reset, name="reset"),
    path("approvals/", approvals.waiting, name="approvals"),
    path("approvals/<int:approval>/", approvals.decide, name="decide"),
]
