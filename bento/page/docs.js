// Swagger UI, which comes with BentoML, over this service's own document.
SwaggerUIBundle({ url: "/docs.json", dom_id: "#api", deepLinking: true });
