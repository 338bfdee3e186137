// Swagger UI on the API's own description; nothing is sent anywhere but to this shop.
SwaggerUIBundle({
  url: document.querySelector("script[data-schema]").dataset.schema,
  dom_id: "#docs",
  deepLinking: true,
  validatorUrl: null,
  tryItOutEnabled: true,
});
