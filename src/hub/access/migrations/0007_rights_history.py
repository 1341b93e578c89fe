"""Let the database itself keep the history of rights: never changed, and removed only after three years."""

from django.db import migrations

KEEP = """
CREATE FUNCTION access_rights_history_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.at < now() - interval '3 years' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the history of rights is kept three years: % refused', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER rights_history_rows BEFORE UPDATE OR DELETE ON access_rightsrecord
    FOR EACH ROW EXECUTE FUNCTION access_rights_history_stays();
CREATE TRIGGER rights_history_whole BEFORE TRUNCATE ON access_rightsrecord
    FOR EACH STATEMENT EXECUTE FUNCTION access_rights_history_stays();
"""
LET_GO = """
DROP TRIGGER rights_history_whole ON access_rightsrecord;
DROP TRIGGER rights_history_rows ON access_rightsrecord;
DROP FUNCTION access_rights_history_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("access", "0006_signing_in")]

    operations = [migrations.RunSQL(KEEP, LET_GO)]
