-- Inserting usage rows is all the edge may do with a table.
--
-- "INSERT … ON CONFLICT (request_id) DO NOTHING" needs SELECT on request_id, and PostgreSQL then
-- also tests each new row against the SELECT policies: a policy of USING (false) would refuse every
-- insert. So a row carries the transaction that wrote it, and may be seen by that transaction only:
-- PostgREST gives each request its own, hence nobody ever sees another request's row.
ALTER TABLE public.usage_logs ADD COLUMN inserted_by xid8 NOT NULL DEFAULT pg_current_xact_id();

CREATE SCHEMA watchllm_private;

-- SECURITY DEFINER because the caller may not read api_keys and projects; in a schema that
-- PostgREST does not serve.
CREATE FUNCTION watchllm_private.usage_row_belongs(api_key uuid, project uuid, organization uuid)
RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
SELECT EXISTS (
    SELECT FROM public.api_keys k
    JOIN public.projects p ON p.id = k.project_id
    WHERE k.id = api_key AND p.id = project AND p.organization_id = organization
)
$function$;

ALTER TABLE public.usage_logs ENABLE ROW LEVEL SECURITY;

CREATE POLICY usage_logs_edge_insert ON public.usage_logs FOR INSERT TO watchllm_edge
    WITH CHECK (watchllm_private.usage_row_belongs(api_key_id, project_id, organization_id));

CREATE POLICY usage_logs_edge_own_transaction ON public.usage_logs FOR SELECT TO watchllm_edge
    USING (inserted_by = pg_current_xact_id_if_assigned())
