"""Let the database itself refuse to change or remove a record of the audit trail."""

from django.db import migrations

REFUSE = """
CREATE FUNCTION access_trail_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail only grows: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER trail_only_grows_rows BEFORE UPDATE OR DELETE ON access_accessrecord
    FOR EACH ROW EXECUTE FUNCTION access_trail_only_grows();
CREATE TRIGGER trail_only_grows_whole BEFORE TRUNCATE ON access_accessrecord
    FOR EACH STATEMENT EXECUTE FUNCTION access_trail_only_grows();
"""
ALLOW = """
DROP TRIGGER trail_only_grows_whole ON access_accessrecord;
DROP TRIGGER trail_only_grows_rows ON access_accessrecord;
DROP FUNCTION access_trail_only_grows();
"""


class Migration(migrations.Migration):
    dependencies = [("access", "0001_initial")]

    operations = [migrations.RunSQL(REFUSE, ALLOW)]
