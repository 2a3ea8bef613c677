/* Describes a photo in C, word by word: caption MODEL PHOTO */
#include <blip.h>
#include <stdio.h>

static void print_piece(void* user_data, const char* piece, size_t size) {
  (void)user_data;
  fwrite(piece, 1, size, stdout);
  fflush(stdout);
}

int main(int argc, char** argv) {
  if (argc != 3) {
    fputs("usage: caption MODEL PHOTO\n", stderr);
    return 2;
  }
  blip_error* error = NULL;
  blip_model* model = NULL;
  blip_context* context = NULL;
  blip_image* image = NULL;
  blip_encoded_image* encoded = NULL;
  blip_texts* captions = NULL;

  blip_generation_options options = blip_generation_options_default();
  options.on_text = print_piece;

  const int done =
      blip_model_open(argv[1], NULL, &model, &error) == BLIP_OK &&
      blip_context_new(NULL, &context, &error) == BLIP_OK &&
      blip_image_open(argv[2], NULL, &image, &error) == BLIP_OK &&
      blip_encode_image(model, image, context, &encoded, &error) == BLIP_OK &&
      blip_caption(model, encoded, NULL, &options, context, &captions, &error) == BLIP_OK;
  if (done) {
    printf("\n%.3f\n", blip_texts_log_probability(captions, 0));
  } else {
    fprintf(stderr, "%s\n", blip_error_message(error));
  }

  blip_texts_free(captions);
  blip_encoded_image_free(encoded);
  blip_image_free(image);
  blip_context_free(context);
  blip_model_free(model);
  blip_error_free(error);
  return done ? 0 : 1;
}
