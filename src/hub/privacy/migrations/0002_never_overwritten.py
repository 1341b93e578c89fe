"""Let the database itself keep consents, consent texts and proofs of erasure as they were written.

A consent may gain its withdrawal, once; it may be destroyed when its period ends. A text and a proof never change and
never go.
"""

from django.db import migrations

from hub import walls

KEEP = """
CREATE FUNCTION privacy_consent_is_not_overwritten() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before jsonb := to_jsonb(OLD) - '{withdrawn_on,withdrawn_how,withdrawal_reason,withdrawal_recorded_by_id}'::text[];
    after jsonb := to_jsonb(NEW) - '{withdrawn_on,withdrawn_how,withdrawal_reason,withdrawal_recorded_by_id}'::text[];
BEGIN
    IF OLD.withdrawn_on IS NOT NULL OR NEW.withdrawn_on IS NULL OR before IS DISTINCT FROM after THEN
        RAISE EXCEPTION 'a consent is never overwritten' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER consent_is_not_overwritten BEFORE UPDATE ON privacy_consent
    FOR EACH ROW EXECUTE FUNCTION privacy_consent_is_not_overwritten();

CREATE FUNCTION privacy_stays_as_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% stays as it was written: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER text_stays_as_written BEFORE UPDATE OR DELETE ON privacy_consenttext
    FOR EACH ROW EXECUTE FUNCTION privacy_stays_as_written();
CREATE TRIGGER proof_stays_as_written BEFORE UPDATE OR DELETE ON privacy_erasurerecord
    FOR EACH ROW EXECUTE FUNCTION privacy_stays_as_written();
"""
ALLOW = """
DROP TRIGGER proof_stays_as_written ON privacy_erasurerecord;
DROP TRIGGER text_stays_as_written ON privacy_consenttext;
DROP FUNCTION privacy_stays_as_written();
DROP TRIGGER consent_is_not_overwritten ON privacy_consent;
DROP FUNCTION privacy_consent_is_not_overwritten();
"""


class Migration(migrations.Migration):
    dependencies = [("privacy", "0001_initial")]

    operations = [
        migrations.RunSQL(KEEP, ALLOW),
        *(
            migrations.RunSQL(walls.fence(table, walls.of_person(table)), walls.unfence(table))
            for table in ("privacy_consent", "privacy_subjectrequest")
        ),
    ]
