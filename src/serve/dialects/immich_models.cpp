#include "serve/dialects/immich_models.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "serve/dialects/model_names.hpp"

namespace blip::serve {
namespace {

using std::string_view_literals::operator""sv;

struct TowerName {
  std::string_view open_clip;
  std::string_view hub;
};
constexpr std::array kTowerNames = {
    TowerName{"vit-b-32", "base-patch32"},        TowerName{"vit-b-16", "base-patch16"},
    TowerName{"vit-l-14", "large-patch14"},       TowerName{"vit-l-16", "large-patch16"},
    TowerName{"vit-so400m-14", "so400m-patch14"}, TowerName{"vit-so400m-16", "so400m-patch16"},
    TowerName{"vit-gopt-16", "giant-opt-patch16"}};

// In lower case, without the owner: names differ in '_' and '-', which count as equal.
std::string tower_name(std::string_view name) {
  std::string text(name.substr(name.find_last_of('/') + 1));
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '_') c = '-';
  }
  return text;
}

std::optional<std::string_view> hub_tower(std::string_view open_clip) {
  const auto found = std::find_if(kTowerNames.begin(), kTowerNames.end(),
                                  [&](const TowerName& t) { return t.open_clip == open_clip; });
  if (found == kTowerNames.end()) return std::nullopt;
  return found->hub;
}

// tower: "vit-l-14-336" → "clip-vit-large-patch14-336"
std::vector<std::string> openai_names(std::string_view tower) {
  std::string size;
  if (tower.ends_with("-336")) {
    size = "-336";
    tower.remove_suffix(size.size());
  }
  if (tower.ends_with("-quickgelu")) tower.remove_suffix("-quickgelu"sv.size());
  const auto hub = hub_tower(tower);
  if (!hub) return {};
  return {"clip-vit-" + std::string(*hub) + size};
}

// tower: "vit-b-16-siglip2-384" → "siglip2-base-patch16-384", or "vit-b-16-siglip", as timm has it
std::vector<std::string> webli_names(std::string_view tower) {
  std::vector<std::string> names{std::string(tower)};
  const std::size_t kind = tower.find("-siglip");
  if (kind == std::string_view::npos) return names;
  const auto hub = hub_tower(tower.substr(0, kind));
  if (!hub) return names;
  const std::string_view rest = tower.substr(kind + 1);
  const std::size_t dash = rest.find('-');
  // Without a size it is 224, which Google's names have.
  const std::string size = dash == std::string_view::npos ? "-224" : std::string(rest.substr(dash));
  names.push_back(std::string(rest.substr(0, dash)) + "-" + std::string(*hub) + size);
  return names;
}

std::vector<std::string> possible_names(std::string_view name) {
  const std::string whole = tower_name(name);
  std::vector<std::string> names{whole, "clip-" + whole};
  const std::size_t weights = std::string_view(name).rfind("__");
  if (weights == std::string_view::npos) return names;
  const std::string tower = tower_name(name.substr(0, weights));
  const std::string of = tower_name(name.substr(weights + 2));
  // "ViT-B-32__laion2b-s34b-b79k"
  names.push_back(tower + "-" + of);
  names.push_back("clip-" + tower + "-" + of);
  std::vector<std::string> others;
  if (of == "openai") others = openai_names(tower);
  if (of == "webli") others = webli_names(tower);
  names.insert(names.end(), others.begin(), others.end());
  return names;
}

bool compares_texts(const ModelStatus& model) {
  return can(model, TaskKind::embed) && model.max_tokens > 0;
}

}  // namespace

const ModelStatus* find_immich_model(const ServerView& server, std::string_view name) {
  for (const std::string& wanted : possible_names(name)) {
    for (const auto& model : server.engine.models) {
      if (!compares_texts(model)) continue;
      const auto is_wanted = [&](const std::string& own) { return tower_name(own) == wanted; };
      if (is_wanted(model.name) ||
          std::any_of(model.aliases.begin(), model.aliases.end(), is_wanted)) {
        return &model;
      }
    }
  }
  return nullptr;
}

bool reads_plain_texts(const ModelStatus& model) {
  return model.architecture.find("iglip") != std::string::npos;  // "SiglipModel", "siglip2"
}

}  // namespace blip::serve
