#include "config/presets.hpp"

namespace switchyard::config {

namespace {

using enum wire_format;
using enum path_style;
constexpr auto api_key = key_header::api_key;
constexpr auto none = thoughts_field::none;

// base_url leaves out the "/v1" that versioned paths append. What is not known of a provider stays false: the plainer form of a
// request is understood everywhere.
constexpr provider_preset presets[] = {
    // Their own models, in OpenAI's format.
    {.name = "openai", .base_url = "https://api.openai.com", .key_variable = "OPENAI_API_KEY", .prices = "openai",
     .has_responses_api = true, .original = true, .thoughts = none},
    {.name = "azure", .base_url = "", .key_variable = "AZURE_OPENAI_API_KEY", .prices = "azure",
     .base_url_form = "https://RESOURCE.openai.azure.com", .auth = api_key, .path = path_style::azure,
     .has_responses_api = true, .original = true, .thoughts = none},
    {.name = "mistral", .base_url = "https://api.mistral.ai", .key_variable = "MISTRAL_API_KEY", .prices = "mistral",
     .takes_stream_options = false, .penalties_only = true, .thoughts = thoughts_field::thinking_parts},
    {.name = "deepseek", .base_url = "https://api.deepseek.com", .key_variable = "DEEPSEEK_API_KEY", .prices = "deepseek"},
    {.name = "xai", .base_url = "https://api.x.ai", .key_variable = "XAI_API_KEY", .prices = "x-ai",
     .has_responses_api = true, .thoughts = none},
    {.name = "cohere", .base_url = "https://api.cohere.ai/compatibility", .key_variable = "COHERE_API_KEY", .prices = "cohere",
     .takes_stream_options = false, .thoughts = none},
    {.name = "perplexity", .base_url = "https://api.perplexity.ai", .key_variable = "PERPLEXITY_API_KEY", .prices = "perplexity",
     .path = bare, .takes_stream_options = false, .thoughts = none},
    {.name = "moonshot", .base_url = "https://api.moonshot.ai", .key_variable = "MOONSHOT_API_KEY", .prices = "moonshotai"},
    {.name = "zai", .base_url = "https://api.z.ai/api/paas/v4", .key_variable = "ZAI_API_KEY", .prices = "zai"},
    {.name = "zhipu", .base_url = "https://open.bigmodel.cn/api/paas/v4", .key_variable = "ZHIPUAI_API_KEY", .prices = "zhipuai"},
    {.name = "dashscope", .base_url = "https://dashscope-intl.aliyuncs.com/compatible-mode", .key_variable = "DASHSCOPE_API_KEY", .prices = ""},
    {.name = "minimax", .base_url = "https://api.minimax.io", .key_variable = "MINIMAX_API_KEY", .prices = "minimax"},
    {.name = "volcengine", .base_url = "https://ark.cn-beijing.volces.com/api/v3", .key_variable = "ARK_API_KEY", .prices = ""},
    {.name = "upstage", .base_url = "https://api.upstage.ai", .key_variable = "UPSTAGE_API_KEY", .prices = ""},
    {.name = "ai21", .base_url = "https://api.ai21.com/studio", .key_variable = "AI21_API_KEY", .prices = ""},
    {.name = "voyage", .base_url = "https://api.voyageai.com", .key_variable = "VOYAGE_API_KEY", .prices = "voyageai"},   // embeddings
    {.name = "jina", .base_url = "https://api.jina.ai", .key_variable = "JINA_API_KEY", .prices = ""},                    // embeddings

    // Open models, hosted.
    {.name = "groq", .base_url = "https://api.groq.com/openai", .key_variable = "GROQ_API_KEY", .prices = "groq",
     .takes_stream_options = false, .has_responses_api = true, .thoughts = none},
    {.name = "together", .base_url = "https://api.together.xyz", .key_variable = "TOGETHER_API_KEY", .prices = "together",
     .takes_top_k = true},
    {.name = "fireworks", .base_url = "https://api.fireworks.ai/inference", .key_variable = "FIREWORKS_API_KEY", .prices = "fireworks",
     .has_responses_api = true, .takes_top_k = true},
    {.name = "cerebras", .base_url = "https://api.cerebras.ai", .key_variable = "CEREBRAS_API_KEY", .prices = "cerebras",
     .thoughts = none},
    {.name = "sambanova", .base_url = "https://api.sambanova.ai", .key_variable = "SAMBANOVA_API_KEY", .prices = "huggingface_sambanova"},
    {.name = "nebius", .base_url = "https://api.studio.nebius.com", .key_variable = "NEBIUS_API_KEY", .prices = "huggingface_nebius"},
    {.name = "nvidia", .base_url = "https://integrate.api.nvidia.com", .key_variable = "NVIDIA_API_KEY", .prices = ""},
    {.name = "deepinfra", .base_url = "https://api.deepinfra.com/v1/openai", .key_variable = "DEEPINFRA_API_KEY", .prices = "", .path = bare},
    {.name = "novita", .base_url = "https://api.novita.ai/openai", .key_variable = "NOVITA_API_KEY", .prices = "novita"},
    {.name = "hyperbolic", .base_url = "https://api.hyperbolic.xyz", .key_variable = "HYPERBOLIC_API_KEY", .prices = "huggingface_hyperbolic"},
    {.name = "baseten", .base_url = "https://inference.baseten.co", .key_variable = "BASETEN_API_KEY", .prices = "baseten"},
    {.name = "siliconflow", .base_url = "https://api.siliconflow.com", .key_variable = "SILICONFLOW_API_KEY", .prices = ""},
    {.name = "nscale", .base_url = "https://inference.api.nscale.com", .key_variable = "NSCALE_SERVICE_TOKEN", .prices = "huggingface_nscale"},
    {.name = "ovhcloud", .base_url = "https://oai.endpoints.kepler.ai.cloud.ovh.net", .key_variable = "OVH_AI_ENDPOINTS_ACCESS_TOKEN",
     .prices = "ovhcloud"},
    {.name = "scaleway", .base_url = "https://api.scaleway.ai", .key_variable = "SCW_SECRET_KEY", .prices = "", .by_environment = false},
    {.name = "friendli", .base_url = "https://api.friendli.ai/serverless", .key_variable = "FRIENDLI_TOKEN", .prices = ""},
    {.name = "cloudflare", .base_url = "", .key_variable = "CLOUDFLARE_API_TOKEN", .prices = "cloudflare",
     .base_url_form = "https://api.cloudflare.com/client/v4/accounts/ACCOUNT/ai", .by_environment = false},
    {.name = "databricks", .base_url = "", .key_variable = "DATABRICKS_TOKEN", .prices = "databricks",
     .base_url_form = "https://WORKSPACE.cloud.databricks.com/serving-endpoints", .path = bare, .by_environment = false},

    // Routers in front of others.
    {.name = "openrouter", .base_url = "https://openrouter.ai/api", .key_variable = "OPENROUTER_API_KEY", .prices = "openrouter",
     .has_responses_api = true, .takes_top_k = true, .takes_cache_control = true},
    {.name = "huggingface", .base_url = "https://router.huggingface.co", .key_variable = "HF_TOKEN", .prices = "huggingface",
     .by_environment = false},
    {.name = "github", .base_url = "https://models.github.ai/inference", .key_variable = "GITHUB_TOKEN", .prices = "", .path = bare,
     .by_environment = false},
    {.name = "vercel", .base_url = "https://ai-gateway.vercel.sh", .key_variable = "AI_GATEWAY_API_KEY", .prices = "",
     .has_responses_api = true},

    // On one's own machines. llama.cpp and LocalAI listen on 8080 as this program does, so nothing is assumed for them.
    {.name = "ollama", .base_url = "http://127.0.0.1:11434", .key_variable = "", .prices = ""},
    {.name = "vllm", .base_url = "http://127.0.0.1:8000", .key_variable = "", .prices = "",
     .has_responses_api = true, .takes_top_k = true},
    {.name = "lmstudio", .base_url = "http://127.0.0.1:1234", .key_variable = "", .prices = "", .takes_top_k = true},
    {.name = "sglang", .base_url = "http://127.0.0.1:30000", .key_variable = "", .prices = ""},
    {.name = "tgi", .base_url = "http://127.0.0.1:3000", .key_variable = "", .prices = ""},
    {.name = "llamacpp", .base_url = "", .key_variable = "", .prices = "", .base_url_form = "http://127.0.0.1:PORT"},
    {.name = "localai", .base_url = "", .key_variable = "", .prices = "", .base_url_form = "http://127.0.0.1:PORT"},

    // Formats of their own.
    {.name = "anthropic", .wire = anthropic, .base_url = "https://api.anthropic.com", .key_variable = "ANTHROPIC_API_KEY", .prices = "anthropic"},
    {.name = "gemini", .wire = gemini, .base_url = "https://generativelanguage.googleapis.com", .key_variable = "GEMINI_API_KEY",
     .prices = "google"},
    {.name = "bedrock", .wire = bedrock, .base_url = "", .key_variable = "AWS_ACCESS_KEY_ID", .prices = "aws"},
};

/// For those that nothing is known of.
constexpr provider_preset plain = {.name = "", .base_url = "", .key_variable = "", .prices = ""};

constexpr std::string_view azure_hosts[] = {".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com"};

[[nodiscard]] std::string_view host_of(std::string_view url) noexcept {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  url.remove_prefix(scheme + 3);
  return url.substr(0, url.find_first_of("/:"));
}

/// Loopback hosts say nothing of what runs there.
[[nodiscard]] bool tells(std::string_view host) noexcept { return !host.empty() && host != "127.0.0.1"; }

}  // namespace

std::span<const provider_preset> provider_presets() noexcept { return presets; }

const provider_preset* find_preset(std::string_view provider_name) noexcept {
  for (const auto& preset : presets)
    if (preset.name == provider_name) return &preset;
  return nullptr;
}

const provider_preset* preset_of(const provider_config& provider) noexcept {
  if (const auto* named = find_preset(provider.name)) return named;
  const auto host = host_of(provider.base_url);
  if (!tells(host)) return nullptr;
  for (const auto suffix : azure_hosts)
    if (host.ends_with(suffix)) return find_preset("azure");
  for (const auto& preset : presets)
    if (preset.wire == provider.wire && host_of(preset.base_url) == host) return &preset;
  return nullptr;
}

const provider_preset& family_row(const provider_config* provider) noexcept {
  if (provider == nullptr) return *find_preset("openai");
  const auto* known = preset_of(*provider);
  return known == nullptr ? plain : *known;
}

bool has_responses_api(const provider_config& provider) noexcept {
  if (provider.responses_api) return *provider.responses_api;
  if (provider.wire != wire_format::openai) return false;
  const auto* preset = preset_of(provider);
  return preset == nullptr || preset->has_responses_api;
}

}  // namespace switchyard::config
