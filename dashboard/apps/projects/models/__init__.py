from apps.projects.models.api_key import ApiKey
from apps.projects.models.project import Project, PromptCache, SemanticMode
from apps.projects.models.provider_credential import ProviderCredential

__all__ = ["ApiKey", "Project", "PromptCache", "ProviderCredential", "SemanticMode"]
