#include "small_run.hpp"

#include <fstream>

#include "dataset/shard_writer.hpp"
#include "tests/train/data/pictures.hpp"

namespace blip::testing {

namespace {

// Of one colour, which tells i % 3 by its strongest channel and i % 4 by the others.
std::vector<std::byte> plain_picture(int width, int height, unsigned i) {
  constexpr std::size_t kHeader = 54;
  std::vector<std::byte> bytes = train::bmp_of(width, height, i);
  for (std::size_t at = kHeader; at < bytes.size(); ++at) {
    const bool is_strongest = (at - kHeader) % 3 == i % 3;
    bytes[at] = std::byte{static_cast<unsigned char>(is_strongest ? 255 : 60 * (i % 4))};
  }
  return bytes;
}

}  // namespace

void write_small_data(const std::filesystem::path& directory) {
  const std::vector<std::string> things = {"dog", "cat", "bird", "fish"};
  const std::vector<std::string> colors = {"red", "blue", "green"};
  dataset::ShardWriter writer(directory / "data");
  for (unsigned i = 0; i < 12; ++i) {
    const std::string& thing = things[i % 4];
    const std::string& color = colors[i % 3];
    dataset::Sample sample;
    sample.key = "sample" + std::to_string(i);
    sample.pictures = {{"a.bmp", plain_picture(20, 16, i)}, {"b.bmp", plain_picture(16, 20, i)}};
    sample.captions = {"a " + color + " " + thing, "the " + thing + " here"};
    sample.questions = {{"", "what is this?", {{thing, 7, 0.7}, {color, 3, 0.3}}},
                        {"", "what color is it?", {{color, 1, 1.0}}}};
    sample.statements = {{"there is a " + thing, i % 2 == 0}, {"it is " + color, i % 3 == 0}};
    writer.write(sample);
  }
  writer.finish();
  std::ofstream vocabulary(directory / "vocab.txt");
  for (const char* word : {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "a",    "picture", "of",   "the",
                           "red",   "blue",  "green", "dog",   "cat",  "bird",    "fish", "here",
                           "there", "is",    "it",    "what",  "this", "color",   "?"}) {
    vocabulary << word << '\n';
  }
}

std::vector<std::string> small_run(train::Task task, const std::filesystem::path& directory,
                                   const std::string& run,
                                   const std::vector<std::string>& settings) {
  std::vector<std::string> words = {std::string(train::name_of(task)), "--data",
                                    (directory / "data-000000.tar").string(), "--output",
                                    (directory / run).string()};
  std::vector<std::string> all = {
      "data.batch=4",      "data.workers=2",  "optimizer.learning_rate=1e-3",
      "run.device=cpu",    "run.epochs=1000", "run.max_steps=6",
      "run.log_interval=1"};
  if (task == train::Task::vqgan) {
    const std::vector<std::string> architecture = {
        "architecture.resolution=16",       "architecture.ch=8",
        "architecture.ch_mult=[1,2,2]",     "architecture.z_channels=8",
        "architecture.embed_dim=4",         "architecture.n_embed=24",
        "architecture.norm_groups=4",       "architecture.num_res_blocks=1",
        "architecture.attn_resolutions=[4]"};
    all.insert(all.end(), architecture.begin(), architecture.end());
  } else if (task == train::Task::draw) {
    const std::vector<std::string> architecture = {
        "model.vqgan=" + (directory / "vqgan" / "model").string(),
        "architecture.vocabulary=" BLIP_SOURCE_DIR "/recipes/easy-vqa/drawing",
        "architecture.d_model=16",
        "architecture.encoder_layers=1",
        "architecture.encoder_ffn_dim=24",
        "architecture.encoder_attention_heads=2",
        "architecture.decoder_layers=2",
        "architecture.decoder_ffn_dim=24",
        "architecture.decoder_attention_heads=2",
        "architecture.max_text_length=16"};
    all.insert(all.end(), architecture.begin(), architecture.end());
  } else if (task != train::Task::clip) {
    const std::vector<std::string> architecture = {
        "data.max_tokens=12",
        "model.image_size=16",
        "model.recompute_layers=0",
        "architecture.patch_size=8",
        "architecture.vision_width=16",
        "architecture.vision_layers=2",
        "architecture.vision_heads=2",
        "architecture.text_width=16",
        "architecture.text_layers=2",
        "architecture.text_heads=2",
        "architecture.text_positions=20",
        "architecture.projection=8",
        "architecture.vocabulary=" + (directory / "vocab.txt").string()};
    all.insert(all.end(), architecture.begin(), architecture.end());
  }
  if (task == train::Task::pretrain || task == train::Task::retrieval) {
    all.emplace_back("objective.queue_size=24");
  }
  all.insert(all.end(), settings.begin(), settings.end());
  for (const std::string& setting : all) {
    words.emplace_back("--set");
    words.push_back(setting);
  }
  return words;
}

}  // namespace blip::testing
