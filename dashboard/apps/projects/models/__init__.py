from apps.projects.models.api_key import ApiKey
from apps.projects.models.project import Project, SemanticMode
from apps.projects.models.provider_credential import ProviderCredential

__all__ = ["ApiKey", "Project", "ProviderCredential", "SemanticMode"]
