#include "config/presets.hpp"

namespace switchyard::config {

namespace {

// base_url leaves out the "/v1" that the openai wire appends.
constexpr provider_preset presets[] = {
    {"openai", wire_format::openai, "https://api.openai.com", "OPENAI_API_KEY"},
    {"groq", wire_format::openai, "https://api.groq.com/openai", "GROQ_API_KEY"},
    {"mistral", wire_format::openai, "https://api.mistral.ai", "MISTRAL_API_KEY"},
    {"deepseek", wire_format::openai, "https://api.deepseek.com", "DEEPSEEK_API_KEY"},
    {"openrouter", wire_format::openai, "https://openrouter.ai/api", "OPENROUTER_API_KEY"},
    {"xai", wire_format::openai, "https://api.x.ai", "XAI_API_KEY"},
    {"together", wire_format::openai, "https://api.together.xyz", "TOGETHER_API_KEY"},
    {"fireworks", wire_format::openai, "https://api.fireworks.ai/inference", "FIREWORKS_API_KEY"},
    {"cerebras", wire_format::openai, "https://api.cerebras.ai", "CEREBRAS_API_KEY"},
    {"ollama", wire_format::openai, "http://127.0.0.1:11434", ""},
    {"vllm", wire_format::openai, "http://127.0.0.1:8000", ""},
    {"lmstudio", wire_format::openai, "http://127.0.0.1:1234", ""},
    // Known by name, so that the message can say which wire they need; load() refuses wires this version lacks.
    {"anthropic", wire_format::anthropic, "https://api.anthropic.com", "ANTHROPIC_API_KEY"},
    {"gemini", wire_format::gemini, "https://generativelanguage.googleapis.com", "GEMINI_API_KEY"},
    {"bedrock", wire_format::bedrock, "", "AWS_ACCESS_KEY_ID"},
};

}  // namespace

std::span<const provider_preset> provider_presets() noexcept { return presets; }

const provider_preset* find_preset(std::string_view provider_name) noexcept {
  for (const auto& preset : presets)
    if (preset.name == provider_name) return &preset;
  return nullptr;
}

}  // namespace switchyard::config
