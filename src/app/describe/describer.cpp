#include "app/describe/describer.hpp"

#include <string>
#include <utility>

#include "app/images/image_stream.hpp"

namespace blip::app {
namespace {

std::vector<std::string> names_of(const std::vector<ScoredLabel>& tags) {
  std::vector<std::string> names;
  for (const ScoredLabel& tag : tags) names.push_back(tag.label);
  return names;
}

}  // namespace

std::vector<Description> Describer::describe(Images images, Context& context) const {
  std::vector<Description> descriptions(images.size());
  if (options_.description || options_.alt) {
    const std::vector<Captions> captions = captioner_.caption(images, context);
    for (std::size_t i = 0; i < images.size(); ++i) {
      const std::string& caption = captions[i].front().text;
      if (options_.description) descriptions[i].text.description = caption;
      if (options_.alt) descriptions[i].text.alt = alt_text(caption, options_.alt_characters);
    }
  }
  if (tagger_ != nullptr) add_tags(images, descriptions, context);
  return descriptions;
}

void Describer::add_tags(Images images, std::vector<Description>& descriptions,
                         Context& context) const {
  const auto read = [this](const ImageInput& input) { return tagger_->pictures()(input.path); };
  std::vector<PreparedImage> prepared;
  for (std::size_t i = 0; i < images.size(); ++i) {
    prepared.push_back(prepare_image({.path = images[i]->name, .index = i}, read));
    descriptions[i].error = prepared.back().error;
  }
  const ImageBatch batch(std::move(prepared));
  if (batch.images().empty()) return;
  const auto tags = tagger_->tag(batch.images(), options_.tags, context);
  for (std::size_t i = 0; i < tags.size(); ++i) {
    descriptions[batch.images()[i]->index].text.subjects = names_of(tags[i]);
  }
}

}  // namespace blip::app
