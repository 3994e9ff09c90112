-- The roles, which belong to the whole server.  Run by a superuser, as often as one likes.
--   actinf_app       what the service works as; nobody logs in as it
--   actinf_owner     owns the tables and migrates them
--   actinf_service   the service's login, which takes the role actinf_app
--   actinf_operator  sees how the server is, and changes nothing
--   actinf_backup    reads everything, and the log of changes
--   actinf_health    of the health adapter beside the server: writes one row, sees statistics
DO $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT * FROM (VALUES
            ('actinf_app', 'NOLOGIN'),
            ('actinf_owner', 'LOGIN'),
            ('actinf_service', 'LOGIN'),
            ('actinf_operator', 'LOGIN CONNECTION LIMIT 10'),
            ('actinf_backup', 'LOGIN REPLICATION'),
            ('actinf_health', 'LOGIN CONNECTION LIMIT 5')
        ) AS roles (name, attributes)
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted.name) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I', wanted.name);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL; -- another database of this server is prepared at the same time
            END;
        END IF;
        EXECUTE format('ALTER ROLE %I NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS %s', wanted.name,
            CASE WHEN wanted.attributes LIKE '%REPLICATION%' THEN '' ELSE 'NOREPLICATION ' END || wanted.attributes);
    END LOOP;
END $$;

GRANT actinf_app TO actinf_owner, actinf_service;
GRANT pg_monitor TO actinf_operator, actinf_backup, actinf_health;
GRANT pg_read_all_data, pg_maintain TO actinf_backup;
-- Where all other connections are taken, these can still look why.
GRANT pg_use_reserved_connections TO actinf_operator, actinf_backup, actinf_health;

ALTER ROLE actinf_operator SET default_transaction_read_only = on;
ALTER ROLE actinf_operator SET statement_timeout = '60s';
ALTER ROLE actinf_operator SET idle_in_transaction_session_timeout = '60s';
