-- The edge's role. PostgREST logs in as Supabase's "authenticator" and switches to the role that
-- the caller's JWT names, so that role must be grantable to it. Roles belong to the cluster: another
-- database of the same cluster may have made it already.
DO $block$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'watchllm_edge') THEN
        CREATE ROLE watchllm_edge NOLOGIN NOINHERIT;
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
    WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'the database user may not create the role watchllm_edge'
            USING HINT = 'Run once as an administrator: CREATE ROLE watchllm_edge NOLOGIN NOINHERIT; then migrate again.';
END
$block$;

DO $block$
BEGIN
    -- Not again when it was granted by an administrator: that takes more than this user may have.
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'authenticator')
        AND NOT pg_has_role('authenticator', 'watchllm_edge', 'MEMBER')
    THEN
        GRANT watchllm_edge TO authenticator;
    END IF;
END
$block$
