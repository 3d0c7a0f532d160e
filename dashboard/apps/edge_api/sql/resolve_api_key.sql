-- What the edge is told about an API key; null for an unknown hash. The same object is built by
-- apps/projects/selectors.py for the local stack, and tests/contract holds the two together.
-- SECURITY DEFINER: the caller may read none of these tables. The search path is pinned so that
-- nobody can put a table or function of their own in front.
CREATE OR REPLACE FUNCTION public.resolve_api_key(key_hash text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
SELECT jsonb_build_object(
    'key_id', k.id,
    'project_id', p.id,
    'organization_id', o.id,
    'revision', p.edge_revision,
    'status', CASE
        WHEN k.revoked_at IS NOT NULL THEN 'revoked'
        WHEN k.expires_at <= now() THEN 'expired'
        WHEN p.archived_at IS NOT NULL OR o.disabled_at IS NOT NULL THEN 'suspended'
        ELSE 'active'
    END,
    'expires_at', extract(epoch FROM k.expires_at)::float8,
    'plan', jsonb_build_object(
        'slug', plan.slug,
        'monthly_requests', coalesce(o.override_monthly_requests, plan.monthly_requests),
        'requests_per_minute', coalesce(o.override_requests_per_minute, plan.requests_per_minute),
        'tokens_per_minute', coalesce(o.override_tokens_per_minute, plan.tokens_per_minute),
        'concurrent_streams', coalesce(o.override_concurrent_streams, plan.concurrent_streams),
        'overage', coalesce(nullif(o.override_overage, ''), plan.overage)
    ),
    'key_limits', jsonb_build_object(
        'requests_per_minute', k.requests_per_minute,
        'tokens_per_minute', k.tokens_per_minute,
        'monthly_budget_nanousd', k.monthly_budget_nanousd
    ),
    'project', jsonb_build_object(
        'slug', p.slug,
        'cache_enabled', p.cache_enabled,
        'ttl_seconds', p.ttl_seconds,
        'embeddings_ttl_seconds', p.embeddings_ttl_seconds,
        'max_temperature', p.max_temperature,
        'max_body_bytes', p.max_body_bytes,
        'namespace', p.namespace,
        'semantic_mode', p.semantic_mode,
        -- The organization's own switch, else everybody's, else on (apps/features).
        'semantic_allowed', coalesce(
            (
                SELECT f.enabled FROM public.feature_overrides f
                WHERE f.feature = 'semantic_cache' AND f.organization_id = o.id
            ),
            (
                SELECT f.enabled FROM public.feature_overrides f
                WHERE f.feature = 'semantic_cache' AND f.organization_id IS NULL
            ),
            true
        ),
        'semantic_opened', p.semantic_opened,
        'semantic_check_share', p.semantic_check_share,
        'plain_user_labels', p.plain_user_labels,
        'prompt_cache', p.prompt_cache,
        'label_limits', p.label_limits,
        'cache_on_disconnect', p.cache_on_disconnect,
        'default_provider', p.default_provider,
        'log_prompts', p.log_prompts,
        'data_key_salt', p.data_key_salt,
        'monthly_budget_nanousd', p.monthly_budget_nanousd,
        'routes', p.routes
    ),
    'credentials', (
        SELECT coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'id', c.id,
                    'provider', c.provider,
                    'envelope', c.envelope,
                    'priority', c.priority,
                    'base_url', c.base_url
                )
                ORDER BY c.priority, c.id
            ),
            '[]'::jsonb
        )
        FROM public.provider_credentials c
        WHERE c.project_id = p.id AND c.disabled_at IS NULL
    ),
    'prices', (
        SELECT coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'provider', x.provider,
                    'model', x.model,
                    'input', x.input::float8,
                    'output', x.output::float8,
                    'cached_input', x.cached_input::float8,
                    'cache_write', x.cache_write::float8,
                    'cache_write_hour', x.cache_write_hour::float8
                )
                ORDER BY x.provider, x.model
            ),
            '[]'::jsonb
        )
        FROM public.price_overrides x
    )
)
FROM public.api_keys k
JOIN public.projects p ON p.id = k.project_id
JOIN public.organizations o ON o.id = p.organization_id
JOIN public.plans plan ON plan.id = o.plan_id
WHERE k.key_hash = resolve_api_key.key_hash
$function$
